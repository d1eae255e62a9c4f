/** hot: 64-bit integers as numbers, by halves (a BigInt round trip costs ten times as much). */
const TWO_32 = 4294967296
const INT64_LIMIT = 9223372036854775808

/** Signed 64-bit big-endian integer; beyond 2^53 the nearest number. */
export function readInt64(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  const low =
    (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!
  return high * TWO_32 + (low >>> 0)
}

/** Writes an integer as signed 64-bit big-endian; values outside the range saturate. */
export function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  let high = Math.floor(value / TWO_32)
  let low = value - high * TWO_32
  if (value >= INT64_LIMIT) {
    high = 0x7fffffff
    low = 0xffffffff
  } else if (value < -INT64_LIMIT) {
    high = -0x80000000
    low = 0
  }
  writeInt32(bytes, at, high)
  writeInt32(bytes, at + 4, low)
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

export function readInt16(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16)) >> 16
}

export function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}
