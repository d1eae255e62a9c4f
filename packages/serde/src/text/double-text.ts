/**
 * A DOUBLE as Java prints it: `1.0`, `1.0E10`, `-0.0`, `NaN`, `Infinity`.
 *
 * The digits are the fewest that read back as the same number, but two at least: where one would do, those two that lie closest (`4.9E-324`, not
 * `5.0E-324`). That is the rule of `Double.toString` since Java 19; earlier ones print a digit too many for some numbers.
 */
export function formatDouble(value: number): string {
  const magnitude = Math.abs(value)
  if ((magnitude >= 1e-3 && magnitude < 1e7) || value === 0) {
    if (Object.is(value, -0)) return '-0.0'
    if (Number.isInteger(value)) return `${value}.0`
    return formatCents(magnitude, value < 0) ?? String(value)
  }
  if (!Number.isFinite(value)) return String(value)
  const shortest = value.toExponential()
  const [mantissa, exponent] = (shortest.includes('.') ? shortest : value.toExponential(1)).split(
    'e',
  )
  return `${mantissa!}E${Number(exponent)}`
}

/**
 * A number of at most two decimals, as amounts mostly are: made of two small integers, in a fraction of the time. The text has at most nine
 * digits, of which no two texts stand for one double, so it is the shortest.
 */
function formatCents(magnitude: number, negative: boolean): string | undefined {
  const cents = Math.round(magnitude * 100)
  if (cents / 100 !== magnitude) return undefined
  const whole = Math.floor(cents / 100)
  const rest = cents - whole * 100
  const fraction = rest % 10 === 0 ? `${rest / 10}` : rest < 10 ? `0${rest}` : `${rest}`
  return negative ? `-${whole}.${fraction}` : `${whole}.${fraction}`
}

/** Text as Java's `Double.parseDouble` takes it: surrounding blanks, `NaN`, `Infinity`, a type suffix. Undefined for other text. */
export function parseDouble(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?$/.test(trimmed))
    return Number(trimmed.replace(/[fFdD]$/, ''))
  switch (trimmed) {
    case 'NaN':
    case '+NaN':
    case '-NaN':
      return NaN
    case 'Infinity':
    case '+Infinity':
      return Infinity
    case '-Infinity':
      return -Infinity
    default:
      return undefined
  }
}

/** Decimal digits with optional sign within 32 bits; undefined for other text. */
export function parseInt32(text: string): number | undefined {
  if (text.length > 32 || !/^[+-]?\d+$/.test(text)) return undefined
  const value = Number(text) + 0
  return value === (value | 0) ? value : undefined
}
