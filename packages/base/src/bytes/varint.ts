import { assert } from '../errors.ts'

/** Bytes that `value` (a safe integer, not negative) takes as a varint: 1 to 8. */
export function varintLength(value: number): number {
  let length = 1
  while (value >= 0x80) {
    value = Math.floor(value / 0x80)
    length++
  }
  return length
}

/**
 * Writes `value` as LEB128 (7 bits a byte, least significant group first) at `position`, where
 * {@link varintLength} bytes of room must be. Returns the position after it.
 */
export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  assert(value >= 0 && value <= Number.MAX_SAFE_INTEGER, 'a varint is a safe integer, not negative')
  while (value >= 0x8000_0000) {
    bytes[position++] = (value % 0x80) | 0x80
    value = Math.floor(value / 0x80)
  }
  while (value >= 0x80) {
    bytes[position++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  bytes[position++] = value
  return position
}
