import { daysFromCivil } from './civil.ts'

/** Position of the fraction's first digit. */
const FRACTION_AT = 20

/**
 * `yyyy-mm-ddThh:mm:ss[.fraction]Z` to nanoseconds since the epoch, without taking the text apart: what connectors write of nearly all zoned timestamps.
 * Undefined for all that is not clearly of this form, which other parsers know better. (Hot.)
 */
export function parseUtcTimestamp(text: string): bigint | undefined {
  const end = text.length - 1
  if (end < 19 || end > FRACTION_AT + 9 || text.charCodeAt(end) !== 0x5a) return undefined
  if (
    text.charCodeAt(4) !== 0x2d ||
    text.charCodeAt(7) !== 0x2d ||
    text.charCodeAt(10) !== 0x54 ||
    text.charCodeAt(13) !== 0x3a ||
    text.charCodeAt(16) !== 0x3a
  )
    return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  const hour = digits(text, 11, 13)
  const minute = digits(text, 14, 16)
  const second = digits(text, 17, 19)
  let micros = 0
  let nanos = 0
  if (end > 19) {
    if (end === FRACTION_AT || text.charCodeAt(19) !== 0x2e) return undefined
    const count = end - FRACTION_AT
    const fraction = digits(text, FRACTION_AT, end) * 10 ** (9 - count)
    micros = Math.floor(fraction / 1000)
    nanos = fraction - micros * 1000
  }
  // The last days of months need a calendar. What has other characters than digits is NaN here, and compares with nothing.
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 28)) return undefined
  const seconds = daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
  const total = seconds * 1_000_000 + micros
  if (!Number.isSafeInteger(total)) return undefined
  const ns = BigInt(total) * 1000n
  return nanos === 0 ? ns : ns + BigInt(nanos)
}

/** NaN unless all are digits. */
function digits(text: string, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}
