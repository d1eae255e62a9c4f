/** An exact decimal: `unscaled × 10^-scale`. The scale is part of its identity. */
export interface ExactDecimal {
  readonly unscaled: bigint
  readonly scale: number
}

/** Reads a number as written: `2.1474836489E9` has unscaled 21474836489 and scale 1. `undefined` for what is no number. */
export function parseExactDecimal(text: string): ExactDecimal | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  return {
    unscaled: sign === '-' ? -digits : digits,
    scale: fraction.length - Number(exponent),
  }
}

/** The value without its fraction. Bounded: scales beyond ±10,000 are refused. */
export function truncateDecimal({ unscaled, scale }: ExactDecimal): bigint {
  if (Math.abs(scale) > 10_000) throw new RangeError(`scale ${scale} is out of range`)
  return scale <= 0 ? unscaled * 10n ** BigInt(-scale) : unscaled / 10n ** BigInt(scale)
}

/** As text without exponent where the scale is not negative. */
export function formatExactDecimal({ unscaled, scale }: ExactDecimal): string {
  if (scale <= 0) return scale === 0 ? String(unscaled) : `${unscaled}E${-scale}`
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
