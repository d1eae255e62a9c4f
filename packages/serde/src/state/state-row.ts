import { CorruptionError, SerializationError } from '@varve/base'
import { addExtension, Packr } from 'msgpackr'

import { decimalFromBytes, decimalToBytes } from '../decimal.ts'
import type { Decimal, Row, Value } from '../value.ts'
import { decodePlainRow, encodePlainRow } from './plain-row.ts'

/**
 * Rows ↔ MessagePack for state stores and changelogs. Every {@link Value} comes back as it was: bigint as bigint, DECIMAL with its scale, maps
 * as `Map`, BYTES as `Uint8Array`, `-0` and NaN included.
 *
 * Format: an array of the values. Extension 0x44 is a DECIMAL (4 bytes scale, big-endian, then the unscaled value in big-endian two's
 * complement), 0x5a is `-0`.
 */
export interface StateRowCodec {
  /** The result is owned by the caller. `before` (default 0) bytes in front of the row are left free for it. */
  encode(row: Row, before?: number): Uint8Array
  /** The row from `start` (default 0) to the end. Values are copies. @throws CorruptionError when the bytes are no row */
  decode(bytes: Uint8Array, start?: number): Row
}

const DECIMAL_EXTENSION = 0x44
const NEGATIVE_ZERO_EXTENSION = 0x5a

class PackedDecimal {
  readonly decimal: Decimal

  constructor(decimal: Decimal) {
    this.decimal = decimal
  }
}

class NegativeZero {}

const NEGATIVE_ZERO = new NegativeZero()

addExtension({
  Class: PackedDecimal,
  type: DECIMAL_EXTENSION,
  pack: ({ decimal }: PackedDecimal) => {
    const digits = decimalToBytes(decimal.unscaled)
    const bytes = Buffer.allocUnsafeSlow(4 + digits.length)
    bytes.writeInt32BE(decimal.scale, 0)
    bytes.set(digits, 4)
    return bytes
  },
  unpack: (bytes: Uint8Array) =>
    new PackedDecimal({
      scale: (bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!,
      unscaled: decimalFromBytes(bytes.subarray(4)),
    }),
})

addExtension({
  Class: NegativeZero,
  type: NEGATIVE_ZERO_EXTENSION,
  pack: () => Buffer.alloc(0),
  unpack: () => NEGATIVE_ZERO,
})

/** The codec; it keeps no state of one row for another. */
export function createStateRowCodec(): StateRowCodec {
  const packr = new Packr({ useRecords: false, mapsAsObjects: false, moreTypes: false })
  return {
    encode: (row, before = 0) => {
      const plain = encodePlainRow(row, before)
      if (plain !== undefined) return plain
      try {
        const packed = packr.pack(wrapAll(row))
        const bytes = new Uint8Array(before + packed.length)
        bytes.set(packed, before)
        return bytes
      } catch (cause) {
        throw new SerializationError('a row cannot be written to state', { cause })
      }
    },
    decode: (bytes, start = 0) => {
      const plain = decodePlainRow(bytes, start)
      if (plain !== undefined) return plain
      let row: unknown
      try {
        row = packr.unpack(start === 0 ? bytes : bytes.subarray(start))
      } catch (cause) {
        throw new CorruptionError('a row in the state store is damaged', { cause })
      }
      if (!Array.isArray(row)) throw new CorruptionError('a row in the state store is not an array')
      for (let i = 0; i < row.length; i++) row[i] = unwrap(row[i])
      return row as Value[]
    },
  }
}

/** The same array while nothing in it needs a wrapper. */
function wrapAll(values: readonly Value[]): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const wrapped = wrap(value)
    if (wrapped === value) continue
    copy ??= values.slice()
    copy[i] = wrapped
  }
  return copy ?? values
}

function wrap(value: Value): unknown {
  switch (typeof value) {
    case 'number':
      return value === 0 && Object.is(value, -0) ? NEGATIVE_ZERO : value
    case 'object':
      if (value === null) return value
      if (Array.isArray(value)) return wrapAll(value as readonly Value[])
      if (value instanceof Uint8Array)
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      if (value instanceof Map) {
        const map = new Map<unknown, unknown>()
        for (const [key, member] of value as ReadonlyMap<Value, Value>)
          map.set(wrap(key), wrap(member))
        return map
      }
      return new PackedDecimal(value as Decimal)
    default:
      return value
  }
}

function unwrap(value: unknown): Value {
  if (typeof value !== 'object' || value === null) return value as Value
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = unwrap(value[i])
    return value as Value[]
  }
  if (value instanceof PackedDecimal) return value.decimal
  if (value === NEGATIVE_ZERO) return -0
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Map) {
    const map = new Map<Value, Value>()
    for (const [key, member] of value) map.set(unwrap(key), unwrap(member))
    return map
  }
  throw new CorruptionError('a row in the state store holds a value of no known type')
}
