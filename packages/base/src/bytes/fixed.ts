import { assert } from '../errors.ts'

// Little-endian fixed-width integers at a position of an array. No bounds checks: the caller knows the length
// (or uses ByteReader). 64-bit numbers are read and written by halves, which is ten times faster than through bigint.

/** Unsigned 16-bit integer at `position`. */
export function readFixed16(bytes: Uint8Array, position: number): number {
  return bytes[position]! | (bytes[position + 1]! << 8)
}

/** Unsigned 32-bit integer at `position`. */
export function readFixed32(bytes: Uint8Array, position: number): number {
  return (
    (bytes[position]! |
      (bytes[position + 1]! << 8) |
      (bytes[position + 2]! << 16) |
      (bytes[position + 3]! << 24)) >>>
    0
  )
}

/** Unsigned 64-bit integer at `position`, rounded to a double when it is 2^53 or more; the caller checks. */
export function readFixed64(bytes: Uint8Array, position: number): number {
  return readFixed32(bytes, position + 4) * 0x1_0000_0000 + readFixed32(bytes, position)
}

/** Unsigned 64-bit integer at `position`, exact. */
export function readFixed64Big(bytes: Uint8Array, position: number): bigint {
  return (BigInt(readFixed32(bytes, position + 4)) << 32n) | BigInt(readFixed32(bytes, position))
}

/** Stores the low 16 bits of `value`. */
export function writeFixed16(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value
  bytes[position + 1] = value >>> 8
}

/** Stores the low 32 bits of `value`. */
export function writeFixed32(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value
  bytes[position + 1] = value >>> 8
  bytes[position + 2] = value >>> 16
  bytes[position + 3] = value >>> 24
}

/** Stores `value`, an integer from 0 to 2^53 - 1, in eight bytes. */
export function writeFixed64(bytes: Uint8Array, position: number, value: number): void {
  assert(
    value >= 0 && value <= Number.MAX_SAFE_INTEGER,
    'a fixed64 from a number is a safe integer',
  )
  writeFixed32(bytes, position, value)
  writeFixed32(bytes, position + 4, Math.floor(value / 0x1_0000_0000))
}

/** Stores the low 64 bits of `value`. */
export function writeFixed64Big(bytes: Uint8Array, position: number, value: bigint): void {
  writeFixed32(bytes, position, Number(value & 0xffff_ffffn))
  writeFixed32(bytes, position + 4, Number((value >> 32n) & 0xffff_ffffn))
}
