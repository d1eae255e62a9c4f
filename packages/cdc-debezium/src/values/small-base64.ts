/** Value of a character, 64 for padding, -1 for what is neither. */
const DIGITS = new Int8Array(128).fill(-1)
for (const [value, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=',
].entries())
  DIGITS[character.charCodeAt(0)] = value
const PADDING = 64

/**
 * The integer that padded base64 of one to six bytes is in big-endian two's complement: nearly all decimals, without a buffer for each. Undefined for
 * other text.
 */
export function integerOfBase64(text: string): number | undefined {
  const { length } = text
  if (length !== 4 && length !== 8) return undefined
  let value = 0
  let digits = 0
  for (; digits < length; digits++) {
    const digit = DIGITS[text.charCodeAt(digits)]
    if (digit === undefined || digit < 0) return undefined
    if (digit === PADDING) break
    value = value * 64 + digit
  }
  const padding = length - digits
  if (padding > 2 || (padding === 2 && text.charCodeAt(length - 1) !== 0x3d)) return undefined
  // Each character of padding goes with two bits that belong to no byte.
  const bytes = (length / 4) * 3 - padding
  value = Math.floor(value / 4 ** padding)
  const limit = 2 ** (8 * bytes)
  return value >= limit / 2 ? value - limit : value
}
