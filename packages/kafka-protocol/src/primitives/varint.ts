import { CorruptionError } from '@varve/base'

/** hot: zigzag and unsigned varints of record batches and of flexible messages. Writers return the position after the last byte. */

/** Longest varint of 32 and of 64 bits. */
export const VARINT32_BYTES_MAX = 5
export const VARINT64_BYTES_MAX = 10

export function writeUnsignedVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0
  let position = at
  while (rest > 127) {
    bytes[position++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[position++] = rest
  return position
}

function unsignedVarintSize(value: number): number {
  const rest = value >>> 0
  return rest < 128 ? 1 : rest < 16384 ? 2 : rest < 2097152 ? 3 : rest < 268435456 ? 4 : 5
}

/** 32-bit zigzag varint. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  return writeUnsignedVarint(bytes, at, (value << 1) ^ (value >> 31))
}

export function varintSize(value: number): number {
  return unsignedVarintSize((value << 1) ^ (value >> 31))
}

/** 64-bit zigzag varint of an integer. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, at, value)
  let position = at
  if (value < 4503599627370496 && value > -4503599627370496) {
    let rest = value >= 0 ? value * 2 : value * -2 - 1
    while (rest > 127) {
      const quotient = Math.floor(rest / 128)
      bytes[position++] = rest - quotient * 128 + 128
      rest = quotient
    }
    bytes[position++] = rest
    return position
  }
  const wide = BigInt.asIntN(64, saturate(value))
  let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n))
  while (rest > 127n) {
    bytes[position++] = Number(rest & 127n) | 128
    rest >>= 7n
  }
  bytes[position++] = Number(rest)
  return position
}

function saturate(value: number): bigint {
  if (value >= 9223372036854775808) return 9223372036854775807n
  if (value < -9223372036854775808) return -9223372036854775808n
  return BigInt(Math.trunc(value))
}

/**
 * Position-keeping reader of varints: the number comes back, the position moves.
 *
 * Every read is checked against `end`, so a damaged length never reads beyond the block.
 */
export class VarintReader {
  bytes: Uint8Array
  position: number
  end: number

  constructor(bytes: Uint8Array, position: number, end: number) {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  unsigned(): number {
    let value = 0
    let shift = 0
    for (;;) {
      if (this.position >= this.end || shift > 28) throw badVarint(this.position)
      const byte = this.bytes[this.position++]!
      value |= (byte & 127) << shift
      if (byte < 128) return value >>> 0
      shift += 7
    }
  }

  signed(): number {
    const value = this.unsigned()
    return (value >>> 1) ^ -(value & 1)
  }

  /** 64-bit zigzag; beyond 2^53 the nearest number. */
  signed64(): number {
    const start = this.position
    let value = 0
    let scale = 1
    for (let count = 0; count < 7; count++) {
      if (this.position >= this.end) throw badVarint(start)
      const byte = this.bytes[this.position++]!
      value += (byte & 127) * scale
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      scale *= 128
    }
    this.position = start
    return this.#signed64Wide(start)
  }

  #signed64Wide(start: number): number {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      if (this.position >= this.end || shift > 63n) throw badVarint(start)
      const byte = this.bytes[this.position++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) break
    }
    value = BigInt.asUintN(64, value)
    return Number((value >> 1n) ^ -(value & 1n))
  }
}

function badVarint(position: number): CorruptionError {
  return new CorruptionError(`varint at byte ${position} does not end`)
}
