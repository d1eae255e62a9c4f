import { SerializationError } from '@varve/base'

import type { Decimal } from './value.ts'

/** What to do with digits beyond the wanted scale. */
export type DecimalRounding = 'half-up' | 'down' | 'exact'

/** Exponents and digit counts beyond this are refused: they are an attack, not a number. */
const MAX_DIGITS = 2048

const powers: bigint[] = [1n]

/** `10^n`, cached. */
export function powerOfTen(n: number): bigint {
  for (let i = powers.length; i <= n && i < MAX_DIGITS; i++) powers.push(powers[i - 1]! * 10n)
  return powers[n] ?? 10n ** BigInt(n)
}

/** Text such as `-12.50` or `1.5e3` to a decimal; undefined for other text. The scale is that of the text, at least 0. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/.exec(text)
  if (match === null) return undefined
  const whole = match[2]!
  const fraction = match[3] ?? ''
  const digits = whole + fraction
  if (digits.length === 0 || digits.length > MAX_DIGITS) return undefined
  let scale = fraction.length - (match[4] === undefined ? 0 : Number(match[4]))
  if (Math.abs(scale) > MAX_DIGITS) return undefined
  let unscaled = BigInt(digits)
  if (scale < 0) {
    unscaled *= powerOfTen(-scale)
    scale = 0
  }
  return { unscaled: match[1] === '-' ? -unscaled : unscaled, scale }
}

/** Plain text, never with an exponent, with exactly `scale` digits after the point. */
export function formatDecimal(decimal: Decimal): string {
  const { unscaled, scale } = decimal
  if (scale <= 0) return (unscaled * powerOfTen(-scale)).toString()
  const negative = unscaled < 0n
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}

/**
 * The same value with another scale.
 *
 * @returns undefined when `rounding` is `exact` and digits other than zero would be lost
 */
export function rescaleDecimal(
  decimal: Decimal,
  scale: number,
  rounding: DecimalRounding = 'exact',
): Decimal | undefined {
  if (decimal.scale === scale) return decimal
  if (scale > decimal.scale)
    return { unscaled: decimal.unscaled * powerOfTen(scale - decimal.scale), scale }
  const divisor = powerOfTen(decimal.scale - scale)
  const quotient = decimal.unscaled / divisor
  const rest = decimal.unscaled % divisor
  if (rest === 0n) return { unscaled: quotient, scale }
  if (rounding === 'exact') return undefined
  if (rounding === 'down') return { unscaled: quotient, scale }
  const twice = (rest < 0n ? -rest : rest) * 2n
  const step = twice >= divisor ? (decimal.unscaled < 0n ? -1n : 1n) : 0n
  return { unscaled: quotient + step, scale }
}

/** Whether the value has at most `precision` digits. */
export function decimalFits(decimal: Decimal, precision: number): boolean {
  const limit = powerOfTen(precision)
  return decimal.unscaled < limit && decimal.unscaled > -limit
}

/** Count of decimal digits of the unscaled value; 1 for zero. */
export function decimalPrecision(decimal: Decimal): number {
  const { unscaled } = decimal
  return (unscaled < 0n ? -unscaled : unscaled).toString().length
}

/**
 * The value as DECIMAL(precision, scale).
 *
 * @returns undefined when it has too many whole digits, or when `rounding` is `exact` and fraction digits would be lost
 */
export function fitDecimal(
  decimal: Decimal,
  precision: number,
  scale: number,
  rounding: DecimalRounding = 'exact',
): Decimal | undefined {
  const rescaled = rescaleDecimal(decimal, scale, rounding)
  return rescaled !== undefined && decimalFits(rescaled, precision) ? rescaled : undefined
}

/** By value, ignoring scale: negative, zero or positive. */
export function compareDecimal(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale)
  const left = a.unscaled * powerOfTen(scale - a.scale)
  const right = b.unscaled * powerOfTen(scale - b.scale)
  return left < right ? -1 : left > right ? 1 : 0
}

/** `a + b` at the larger scale. */
export function addDecimal(a: Decimal, b: Decimal): Decimal {
  if (a.scale === b.scale) return { unscaled: a.unscaled + b.unscaled, scale: a.scale }
  const scale = Math.max(a.scale, b.scale)
  return {
    unscaled: a.unscaled * powerOfTen(scale - a.scale) + b.unscaled * powerOfTen(scale - b.scale),
    scale,
  }
}

/** `a - b` at the larger scale. */
export function subtractDecimal(a: Decimal, b: Decimal): Decimal {
  return addDecimal(a, negateDecimal(b))
}

/** `-a`. */
export function negateDecimal(a: Decimal): Decimal {
  return { unscaled: -a.unscaled, scale: a.scale }
}

/** `a × b` at the sum of the scales. */
export function multiplyDecimal(a: Decimal, b: Decimal): Decimal {
  return { unscaled: a.unscaled * b.unscaled, scale: a.scale + b.scale }
}

/**
 * The exact quotient `a / b`, without trailing zeros below scale 0.
 *
 * @returns undefined when it needs more than `precision` digits, as one that does not terminate always does
 * @throws RangeError when `b` is zero
 */
export function divideDecimal(a: Decimal, b: Decimal, precision: number): Decimal | undefined {
  if (b.unscaled === 0n) throw new RangeError('division by zero')
  // Extra digits enough for every quotient that fits the precision: anything left over then is one that does not fit.
  const extra = precision + decimalPrecision(b)
  const numerator = a.unscaled * powerOfTen(extra)
  if (numerator % b.unscaled !== 0n) return undefined
  const exact = stripZeros({ unscaled: numerator / b.unscaled, scale: a.scale - b.scale + extra })
  return decimalFits(exact, precision) ? exact : undefined
}

/** Remainder of the division cut towards zero, with the sign of `a`. @throws RangeError when `b` is zero */
export function remainderDecimal(a: Decimal, b: Decimal): Decimal {
  if (b.unscaled === 0n) throw new RangeError('division by zero')
  const scale = Math.max(a.scale, b.scale)
  const left = a.unscaled * powerOfTen(scale - a.scale)
  const right = b.unscaled * powerOfTen(scale - b.scale)
  return { unscaled: left % right, scale }
}

function stripZeros(decimal: Decimal): Decimal {
  let { unscaled, scale } = decimal
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n
    scale--
  }
  if (scale < 0) return { unscaled: unscaled * powerOfTen(-scale), scale: 0 }
  return { unscaled, scale }
}

/** The decimal of the shortest text that denotes the number. @returns undefined for NaN and infinities */
export function decimalFromNumber(value: number): Decimal | undefined {
  return Number.isFinite(value) ? parseDecimal(String(value)) : undefined
}

/** The decimal of an integer, scale 0. */
export function decimalFromInteger(value: number | bigint): Decimal {
  return { unscaled: BigInt(value), scale: 0 }
}

/** The nearest double. */
export function decimalToNumber(decimal: Decimal): number {
  const { unscaled, scale } = decimal
  const number = Number(unscaled)
  // Both exact below these bounds, so one correctly rounded division gives the nearest double.
  if (Number.isSafeInteger(number) && scale >= 0 && scale <= 22) return number / 10 ** scale
  return Number(formatDecimal(decimal))
}

/** The unscaled value as big-endian two's complement, as few bytes as possible (at least one). */
export function decimalToBytes(unscaled: bigint): Uint8Array {
  const magnitude = unscaled < 0n ? -unscaled - 1n : unscaled
  const bits = magnitude === 0n ? 0 : magnitude.toString(2).length
  const bytes = new Uint8Array((bits >> 3) + 1)
  let rest = BigInt.asUintN(bytes.length * 8, unscaled)
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** Reads big-endian two's complement of any length; no bytes are zero. */
export function decimalFromBytes(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  if (bytes.length <= 6) {
    let value = (bytes[0]! << 24) >> 24
    for (let i = 1; i < bytes.length; i++) value = value * 256 + bytes[i]!
    return BigInt(value)
  }
  let hex = '0x'
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return BigInt.asIntN(bytes.length * 8, BigInt(hex))
}

/**
 * {@link fitDecimal} for writers.
 *
 * @throws SerializationError when the value does not fit
 */
export function requireDecimal(decimal: Decimal, precision: number, scale: number): Decimal {
  const fitted = fitDecimal(decimal, precision, scale)
  if (fitted === undefined) {
    throw new SerializationError(
      `value ${formatDecimal(decimal)} does not fit DECIMAL(${precision}, ${scale})`,
    )
  }
  return fitted
}
