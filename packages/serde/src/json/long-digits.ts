/** Digits and points in a row from which on a double may not keep a number; shorter ones have at most 15 digits, which it keeps. */
const LONG = 16

/**
 * Whether a text holds {@link LONG} digits and points in a row: then `JSON.parse` may lose some of them.
 *
 * Hot: looks at every 16th character only, as one of them lies in any such run.
 */
export function hasLongDigits(text: string): boolean {
  const { length } = text
  for (let at = LONG - 1; at < length; at += LONG) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue
    let first = at
    while (first > 0 && isDigitOrPoint(text.charCodeAt(first - 1))) first--
    while (at + 1 < length && isDigitOrPoint(text.charCodeAt(at + 1))) at++
    if (at - first + 1 >= LONG) return true
  }
  return false
}

function isDigitOrPoint(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2e
}
