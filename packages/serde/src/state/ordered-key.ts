import { assert, CorruptionError, SerializationError } from '@varve/base'

import { readInt64, writeInt64, type Int64 } from '../bigint64.ts'
import { decimalFromBytes, decimalToBytes, powerOfTen, requireDecimal } from '../decimal.ts'
import type { SqlType } from '../sql-type.ts'
import { decodeText } from '../text/bytes-text.ts'
import type { Decimal, Row, Value } from '../value.ts'

/**
 * Tags in front of every value. On disk: never change one. Null sorts first; zero is no tag, so it can end lists.
 *
 *     null                 01
 *     BOOLEAN              10 (false) or 11 (true)
 *     INTEGER DATE TIME    20 · 21 · 22   4 bytes, big-endian, sign flipped
 *     BIGINT TIMESTAMP     23 · 24        8 bytes, likewise
 *     DOUBLE               25             8 bytes, IEEE, sign flipped, all flipped when negative; -0 before 0, NaN last
 *     DECIMAL              26             unscaled value in as many bytes as the precision needs, sign flipped
 *     STRING BYTES         30 · 31        UTF-8 or raw, 00 written as 00 FF, ended by 00 01
 *     ARRAY                40             elements, ended by 00
 *     MAP                  41             keys and values, ordered by the bytes of the keys, ended by 00
 *     STRUCT               42             fields
 */
const Tag = {
  null: 0x01,
  false: 0x10,
  true: 0x11,
  integer: 0x20,
  date: 0x21,
  time: 0x22,
  bigint: 0x23,
  timestamp: 0x24,
  double: 0x25,
  decimal: 0x26,
  string: 0x30,
  bytes: 0x31,
  array: 0x40,
  map: 0x41,
  struct: 0x42,
} as const

const END = 0x00

/**
 * Rows ↔ bytes whose order under memcmp is the order of the rows, column by column: numbers by value, STRING and BYTES by their bytes, null
 * first. The bytes of a row's first columns are a prefix of the row's bytes, and of no row with other first columns.
 */
export interface OrderedKeyCodec {
  /** All columns, or the first ones as a prefix to scan by. The result is owned by the caller; `after` (default 0) bytes at its end are left free for it. */
  encode(values: Row, after?: number): Uint8Array
  /** @throws CorruptionError when the bytes were not written by a codec of the same types */
  decode(bytes: Uint8Array): Row
}

/** Codec for rows of these types. */
export function createOrderedKeyCodec(types: readonly SqlType[]): OrderedKeyCodec {
  const output = new KeyOutput()
  const writers = types.map(compileWriter)
  const readers = types.map(compileReader)
  return {
    encode: (values, after = 0) => {
      assert(values.length <= types.length, 'a key has no more values than columns')
      output.length = 0
      for (let i = 0; i < values.length; i++) writers[i]!(values[i]!, output)
      return output.finish(after)
    },
    decode: (bytes) => {
      const input = new KeyInput(bytes)
      const row: Value[] = []
      for (const read of readers) row.push(read(input))
      if (input.at !== bytes.length) input.corrupt()
      return row
    },
  }
}

/** The first key after all keys that begin with `prefix`; undefined when there is none. */
export function keyAfterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  for (let end = prefix.length; end > 0; end--) {
    if (prefix[end - 1] === 0xff) continue
    const after = prefix.slice(0, end)
    after[end - 1]!++
    return after
  }
  return undefined
}

class KeyOutput {
  length = 0
  #bytes: Uint8Array = new Uint8Array(256)

  reserve(size: number): Uint8Array {
    if (this.length + size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + size))
      grown.set(this.#bytes.subarray(0, this.length))
      this.#bytes = grown
    }
    return this.#bytes
  }

  byte(value: number): void {
    this.reserve(1)[this.length++] = value
  }

  finish(after: number): Uint8Array {
    this.reserve(after)
    return this.#bytes.slice(0, this.length + after)
  }
}

class KeyInput {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  byte(): number {
    return this.bytes[this.at++] ?? this.corrupt()
  }

  take(size: number): number {
    const start = this.at
    this.at += size
    return this.at > this.bytes.length ? this.corrupt() : start
  }

  corrupt(): never {
    throw new CorruptionError('a key in the state store does not fit its schema')
  }
}

type KeyWriter = (value: Value, output: KeyOutput) => void
type KeyReader = (input: KeyInput) => Value

function compileWriter(type: SqlType): KeyWriter {
  const write = compileNonNull(type)
  return (value, output) => {
    if (value === null || value === undefined) output.byte(Tag.null)
    else write(value, output)
  }
}

function int32Tag(kind: 'INTEGER' | 'DATE' | 'TIME'): number {
  return kind === 'INTEGER' ? Tag.integer : kind === 'DATE' ? Tag.date : Tag.time
}

function compileNonNull(type: SqlType): KeyWriter {
  switch (type.kind) {
    case 'BOOLEAN':
      return (value, output) => output.byte(value === true ? Tag.true : Tag.false)
    case 'INTEGER':
    case 'DATE':
    case 'TIME': {
      const tag = int32Tag(type.kind)
      return (value, output) => {
        const bytes = output.reserve(5)
        const at = output.length
        const flipped = (value as number) ^ 0x80000000
        bytes[at] = tag
        bytes[at + 1] = flipped >>> 24
        bytes[at + 2] = flipped >>> 16
        bytes[at + 3] = flipped >>> 8
        bytes[at + 4] = flipped
        output.length = at + 5
      }
    }
    case 'BIGINT':
    case 'TIMESTAMP': {
      const tag = type.kind === 'BIGINT' ? Tag.bigint : Tag.timestamp
      return (value, output) => {
        const bytes = output.reserve(9)
        const at = output.length
        bytes[at] = tag
        writeInt64(value as Int64, bytes, at + 1)
        bytes[at + 1]! ^= 0x80
        output.length = at + 9
      }
    }
    case 'DOUBLE':
      return (value, output) => {
        const bytes = output.reserve(9)
        const at = output.length
        bytes[at] = Tag.double
        doubles.setFloat64(0, value as number)
        // NaN has one spelling, so equal keys have equal bytes.
        if (Number.isNaN(value)) doubles.setUint32(0, 0x7ff80000)
        const negative = doubles.getUint8(0) >= 0x80
        for (let i = 0; i < 8; i++)
          bytes[at + 1 + i] = doubles.getUint8(i) ^ (negative ? 0xff : i === 0 ? 0x80 : 0)
        output.length = at + 9
      }
    case 'DECIMAL': {
      const width = decimalWidth(type.precision)
      return (value, output) => {
        const { unscaled } = requireDecimal(value as Decimal, type.precision, type.scale)
        const digits = decimalToBytes(unscaled)
        const bytes = output.reserve(1 + width)
        const at = output.length
        bytes[at] = Tag.decimal
        bytes.fill(unscaled < 0n ? 0xff : 0, at + 1, at + 1 + width)
        bytes.set(digits, at + 1 + width - digits.length)
        bytes[at + 1]! ^= 0x80
        output.length = at + 1 + width
      }
    }
    case 'STRING':
      return (value, output) => writeText(value as string, output)
    case 'BYTES':
      return (value, output) => {
        output.byte(Tag.bytes)
        writeEscaped(value as Uint8Array, output)
      }
    case 'ARRAY': {
      const element = compileWriter(type.element)
      return (value, output) => {
        output.byte(Tag.array)
        for (const item of value as readonly Value[]) element(item, output)
        output.byte(END)
      }
    }
    case 'MAP': {
      const entry = createOrderedKeyCodec([type.key, type.value])
      return (value, output) => {
        const entries = [...(value as ReadonlyMap<Value, Value>)].map((pair) => entry.encode(pair))
        entries.sort(compareBytes)
        output.byte(Tag.map)
        for (const bytes of entries) {
          output.reserve(bytes.length).set(bytes, output.length)
          output.length += bytes.length
        }
        output.byte(END)
      }
    }
    case 'STRUCT': {
      const fields = type.fields.map((field) => compileWriter(field.type))
      return (value, output) => {
        output.byte(Tag.struct)
        for (let i = 0; i < fields.length; i++)
          fields[i]!((value as readonly Value[])[i] ?? null, output)
      }
    }
  }
}

const doubles = new DataView(new ArrayBuffer(8))
const encoder = new TextEncoder()

/** Bytes that hold every unscaled value of a precision, sign included. */
function decimalWidth(precision: number): number {
  return decimalToBytes(powerOfTen(precision)).length
}

function writeText(text: string, output: KeyOutput): void {
  const bytes = output.reserve(text.length * 3 + 3)
  let at = output.length
  bytes[at++] = Tag.string
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0 || code > 0x7f) {
      // Not plain ASCII: begin again through the encoder.
      if (!text.isWellFormed())
        throw new SerializationError('text with half a surrogate pair cannot be part of a key')
      output.length++
      writeEscaped(encoder.encode(text), output)
      return
    }
    bytes[at++] = code
  }
  bytes[at++] = 0
  bytes[at++] = 1
  output.length = at
}

function writeEscaped(source: Uint8Array, output: KeyOutput): void {
  const bytes = output.reserve(source.length * 2 + 2)
  let at = output.length
  for (const byte of source) {
    bytes[at++] = byte
    if (byte === 0) bytes[at++] = 0xff
  }
  bytes[at++] = 0
  bytes[at++] = 1
  output.length = at
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

function compileReader(type: SqlType): KeyReader {
  const tags = tagsOf(type)
  const read = compileBody(type)
  return (input) => {
    const tag = input.byte()
    if (tag === Tag.null) return null
    if (!tags.includes(tag)) input.corrupt()
    if (type.kind === 'BOOLEAN') return tag === Tag.true
    return read(input)
  }
}

function tagsOf(type: SqlType): readonly number[] {
  switch (type.kind) {
    case 'BOOLEAN':
      return [Tag.false, Tag.true]
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      return [int32Tag(type.kind)]
    case 'BIGINT':
      return [Tag.bigint]
    case 'TIMESTAMP':
      return [Tag.timestamp]
    case 'DOUBLE':
      return [Tag.double]
    case 'DECIMAL':
      return [Tag.decimal]
    case 'STRING':
      return [Tag.string]
    case 'BYTES':
      return [Tag.bytes]
    case 'ARRAY':
      return [Tag.array]
    case 'MAP':
      return [Tag.map]
    case 'STRUCT':
      return [Tag.struct]
  }
}

function compileBody(type: SqlType): KeyReader {
  switch (type.kind) {
    case 'BOOLEAN':
      return (input) => input.corrupt()
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      return (input) => {
        const at = input.take(4)
        const { bytes } = input
        return (
          ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) ^
          0x80000000
        )
      }
    case 'BIGINT':
    case 'TIMESTAMP':
      return (input) => {
        const flipped = input.bytes.slice(input.at, input.take(8) + 8)
        flipped[0]! ^= 0x80
        return readInt64(flipped, 0)
      }
    case 'DOUBLE':
      return (input) => {
        const at = input.take(8)
        const negative = input.bytes[at]! < 0x80
        for (let i = 0; i < 8; i++)
          doubles.setUint8(i, input.bytes[at + i]! ^ (negative ? 0xff : i === 0 ? 0x80 : 0))
        return doubles.getFloat64(0)
      }
    case 'DECIMAL': {
      const width = decimalWidth(type.precision)
      return (input) => {
        const at = input.take(width)
        const bytes = input.bytes.slice(at, at + width)
        bytes[0]! ^= 0x80
        return { unscaled: decimalFromBytes(bytes), scale: type.scale }
      }
    }
    case 'STRING':
      return (input) => decodeText(readEscaped(input))
    case 'BYTES':
      return readEscaped
    case 'ARRAY': {
      const element = compileReader(type.element)
      return (input) => {
        const elements: Value[] = []
        while (input.bytes[input.at] !== END) elements.push(element(input))
        input.at++
        return elements
      }
    }
    case 'MAP': {
      const key = compileReader(type.key)
      const value = compileReader(type.value)
      return (input) => {
        const map = new Map<Value, Value>()
        while (input.bytes[input.at] !== END) {
          const name = key(input)
          map.set(name, value(input))
        }
        input.at++
        return map
      }
    }
    case 'STRUCT': {
      const fields = type.fields.map((field) => compileReader(field.type))
      return (input) => fields.map((field) => field(input))
    }
  }
}

/** Bytes of their own, up to the end mark. */
function readEscaped(input: KeyInput): Uint8Array {
  const { bytes } = input
  let zeros = 0
  let at = input.at
  for (;;) {
    const byte = bytes[at] ?? input.corrupt()
    if (byte !== 0) {
      at++
      continue
    }
    const next = bytes[at + 1]
    if (next === 0x01) break
    if (next !== 0xff) input.corrupt()
    zeros++
    at += 2
  }
  const result = new Uint8Array(at - input.at - zeros)
  for (let from = input.at, to = 0; from < at; from++) {
    const byte = bytes[from]!
    result[to++] = byte
    if (byte === 0) from++
  }
  input.at = at + 2
  return result
}
