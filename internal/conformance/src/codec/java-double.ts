/** A double as Java prints it: always with a fraction, with an exponent below 10^-3 and from 10^7 on. */
export function javaDoubleText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [digits = '', exponentText = '0'] = Math.abs(value).toExponential().split('e')
  const exponent = Number(exponentText)
  const sign = value < 0 ? '-' : ''
  const [whole = '', fraction = ''] = digits.split('.')
  const all = whole + fraction
  if (exponent < -3 || exponent >= 7) {
    return `${sign}${whole}.${fraction === '' ? '0' : fraction}E${exponent}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${all}`
  const padded = all.padEnd(exponent + 2, '0')
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1)}`
}
