import type { Row, Value } from '../value.ts'

/** Bytes a row may take in the scratch area. */
const scratch = new Uint8Array(4096)
const doubles = new Float64Array(1)
const doubleBytes = new Uint8Array(doubles.buffer)
const bigEndianHost = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0

const columnsMax = 15
const nulls: readonly (readonly Value[])[] = Array.from({ length: columnsMax + 1 }, (_, count) =>
  new Array<Value>(count).fill(null),
)
/** Longer texts are left to the general codec, whose encoder is faster from there on. */
const textMax = 64

/**
 * The fast half of the state codec: rows of up to 15 nulls, booleans, numbers and short ASCII texts, which most aggregates are. The bytes are those
 * of MessagePack's smallest forms, as the general codec writes them.
 *
 * @param before Bytes left free in front of the row, for the caller.
 * @returns `undefined` for any other row
 */
export function encodePlainRow(row: Row, before: number): Uint8Array | undefined {
  const count = row.length
  if (count > columnsMax) return undefined
  const bytes = scratch
  let at = before
  bytes[at++] = 0x90 | count
  for (let i = 0; i < count; i++) {
    const value = row[i]!
    if (typeof value === 'number') at = writeNumber(value, at)
    else if (typeof value === 'string') at = writeText(value, at)
    else if (value === null) bytes[at++] = 0xc0
    else if (typeof value === 'boolean') bytes[at++] = value ? 0xc3 : 0xc2
    else return undefined
    if (at < 0) return undefined
  }
  return bytes.slice(0, at)
}

/** −1: not for here. */
function writeNumber(value: number, start: number): number {
  const bytes = scratch
  let at = start
  if (value !== (value | 0)) {
    if (value > 0 && value <= 0xffff_ffff && Number.isInteger(value)) {
      bytes[at++] = 0xce
      return writeUint32(value, at)
    }
    doubles[0] = value
    bytes[at++] = 0xcb
    if (bigEndianHost) for (let i = 0; i < 8; i++) bytes[at++] = doubleBytes[i]!
    else for (let i = 7; i >= 0; i--) bytes[at++] = doubleBytes[i]!
    return at
  }
  if (value >= 0) {
    if (value === 0 && Object.is(value, -0)) return -1
    if (value < 0x80) bytes[at++] = value
    else if (value < 0x100) {
      bytes[at++] = 0xcc
      bytes[at++] = value
    } else if (value < 0x1_0000) {
      bytes[at++] = 0xcd
      bytes[at++] = value >>> 8
      bytes[at++] = value
    } else {
      bytes[at++] = 0xce
      return writeUint32(value, at)
    }
    return at
  }
  if (value >= -0x20) bytes[at++] = value & 0xff
  else if (value >= -0x80) {
    bytes[at++] = 0xd0
    bytes[at++] = value
  } else if (value >= -0x8000) {
    bytes[at++] = 0xd1
    bytes[at++] = value >> 8
    bytes[at++] = value
  } else {
    bytes[at++] = 0xd2
    return writeUint32(value, at)
  }
  return at
}

function writeUint32(value: number, at: number): number {
  scratch[at] = value >>> 24
  scratch[at + 1] = value >>> 16
  scratch[at + 2] = value >>> 8
  scratch[at + 3] = value
  return at + 4
}

function writeText(text: string, start: number): number {
  const { length } = text
  if (length > textMax) return -1
  const bytes = scratch
  let at = start
  if (length < 0x20) bytes[at++] = 0xa0 | length
  else {
    bytes[at++] = 0xd9
    bytes[at++] = length
  }
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return -1
    bytes[at++] = code
  }
  return at
}

/**
 * Twin of {@link encodePlainRow}, over `bytes` from `start` to their end.
 *
 * @returns `undefined` for anything it does not know, or that does not fit: the general codec decides what that is
 */
export function decodePlainRow(bytes: Uint8Array, start: number): Row | undefined {
  const end = bytes.length
  const head = bytes[start]
  if (head === undefined || head < 0x90 || head > 0x9f) return undefined
  const count = head & 0x0f
  // A copy has just the room it needs; an array that is pushed to makes room for seventeen.
  const row = nulls[count]!.slice()
  let at = start + 1
  for (let i = 0; i < count; i++) {
    if (at >= end) return undefined
    const tag = bytes[at++]!
    if (tag < 0x80) row[i] = tag
    else if (tag >= 0xe0) row[i] = tag - 0x100
    else if (tag >= 0xa0 && tag < 0xc0) {
      const text = readText(bytes, at, tag & 0x1f)
      if (text === undefined) return undefined
      row[i] = text
      at += tag & 0x1f
    } else {
      const width = widths[tag - 0xc0]!
      if (width < 0 || at + width > end) return undefined
      if (tag === 0xd9) {
        const length = bytes[at]!
        const text = length > textMax ? undefined : readText(bytes, at + 1, length)
        if (text === undefined) return undefined
        row[i] = text
        at += length
      } else row[i] = readScalar(tag, bytes, at)
      at += width
    }
  }
  return at === end ? row : undefined
}

/** Bytes behind the tags from 0xc0 on; −1: not for here. */
const widths = new Int8Array(0x20).fill(-1)
for (const [tag, width] of [
  [0xc0, 0],
  [0xc2, 0],
  [0xc3, 0],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd9, 1],
] as const) {
  widths[tag - 0xc0] = width
}

function readScalar(tag: number, bytes: Uint8Array, at: number): Value {
  switch (tag) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xcc:
      return bytes[at]!
    case 0xcd:
      return (bytes[at]! << 8) | bytes[at + 1]!
    case 0xce:
      return readInt32(bytes, at) >>> 0
    case 0xd0:
      return (bytes[at]! << 24) >> 24
    case 0xd1:
      return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!
    case 0xd2:
      return readInt32(bytes, at)
    default:
      for (let i = 0; i < 8; i++) doubleBytes[bigEndianHost ? i : 7 - i] = bytes[at + i]!
      return doubles[0]!
  }
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** `Buffer`'s own, called on any bytes: a `Buffer` around them would double the time. */
const { latin1Slice } = Buffer.prototype as unknown as {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string
}

/** `undefined` where it is cut off or no ASCII. */
function readText(bytes: Uint8Array, start: number, length: number): string | undefined {
  const end = start + length
  if (end > bytes.length) return undefined
  for (let at = start; at < end; at++) if (bytes[at]! > 0x7f) return undefined
  return latin1Slice.call(bytes, start, end)
}
