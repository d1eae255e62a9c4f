/**
 * A BIGINT at run time: a number while it is a safe integer, a bigint beyond. Always in this canonical form, so `===`
 * compares two of them. Never `-0`.
 */
export type Int64 = number | bigint

const HIGH = 0x1_0000_0000

/** The canonical form of an integer, wrapped to 64 bits in two's complement. */
export function int64FromBigInt(value: bigint): Int64 {
  const wrapped = BigInt.asIntN(64, value)
  const number = Number(wrapped)
  return Number.isSafeInteger(number) ? number : wrapped
}

/**
 * A finite number cut towards zero, then wrapped to 64 bits.
 *
 * @throws RangeError for NaN and infinities
 */
export function int64FromNumber(value: number): Int64 {
  const whole = Math.trunc(value) + 0
  return Number.isSafeInteger(whole) ? whole : int64FromBigInt(BigInt(whole))
}

/** `a + b`, wrapped. */
export function addInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    // A sum that is not exact rounds to 2^53 or more, so a safe result is the true one.
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return int64FromBigInt(BigInt(a) + BigInt(b))
}

/** `a - b`, wrapped. */
export function subtractInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return int64FromBigInt(BigInt(a) - BigInt(b))
}

/** `a × b`, wrapped. */
export function multiplyInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    if (Number.isSafeInteger(product)) return product + 0
  }
  return int64FromBigInt(BigInt(a) * BigInt(b))
}

/** `a / b` cut towards zero. @throws RangeError when `b` is zero */
export function divideInt64(a: Int64, b: Int64): Int64 {
  if (b === 0) throw new RangeError('division by zero')
  if (typeof a === 'number' && typeof b === 'number') return (a - (a % b)) / b + 0
  return int64FromBigInt(BigInt(a) / BigInt(b))
}

/** Remainder of {@link divideInt64}, with the sign of `a`. @throws RangeError when `b` is zero */
export function remainderInt64(a: Int64, b: Int64): Int64 {
  if (b === 0) throw new RangeError('division by zero')
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0
  return int64FromBigInt(BigInt(a) % BigInt(b))
}

/** `-a`, wrapped: the smallest value stays itself. */
export function negateInt64(a: Int64): Int64 {
  return typeof a === 'number' ? 0 - a : int64FromBigInt(-a)
}

/** Negative, zero or positive as `a` is below, equal to or above `b`. */
export function compareInt64(a: Int64, b: Int64): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Decimal digits with optional sign to a value; undefined for other text and for values beyond 64 bits. */
export function parseInt64(text: string): Int64 | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  if (text.length <= 15) return Number(text) + 0
  if (text.length > 64) return undefined
  const value = text.startsWith('+') ? BigInt(text.slice(1)) : BigInt(text)
  return BigInt.asIntN(64, value) === value ? int64FromBigInt(value) : undefined
}

/** Writes 8 bytes, big-endian two's complement, at `offset`. */
export function writeInt64(value: Int64, target: Uint8Array, offset: number): void {
  let high: number
  let low: number
  if (typeof value === 'number') {
    high = Math.floor(value / HIGH)
    low = value - high * HIGH
  } else {
    high = Number(value >> 32n)
    low = Number(value & 0xffff_ffffn)
  }
  target[offset] = high >>> 24
  target[offset + 1] = high >>> 16
  target[offset + 2] = high >>> 8
  target[offset + 3] = high
  target[offset + 4] = low >>> 24
  target[offset + 5] = low >>> 16
  target[offset + 6] = low >>> 8
  target[offset + 7] = low
}

/** Reads what {@link writeInt64} wrote. */
export function readInt64(source: Uint8Array, offset: number): Int64 {
  const high =
    (source[offset]! << 24) |
    (source[offset + 1]! << 16) |
    (source[offset + 2]! << 8) |
    source[offset + 3]!
  const low =
    ((source[offset + 4]! << 24) |
      (source[offset + 5]! << 16) |
      (source[offset + 6]! << 8) |
      source[offset + 7]!) >>>
    0
  return int64FromHalves(high, low)
}

/** The value of a signed high half and an unsigned low half of 32 bits each. */
export function int64FromHalves(high: number, low: number): Int64 {
  const number = high * HIGH + low
  if (Number.isSafeInteger(number)) return number
  // Through memory: one bigint in place of the four that shifting would make.
  halves[LOW_HALF] = low
  halves[1 - LOW_HALF] = high
  return whole[0]!
}

const whole = new BigInt64Array(1)
const halves = new Int32Array(whole.buffer)
/** Which half lies first is the machine's. */
const LOW_HALF = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1
