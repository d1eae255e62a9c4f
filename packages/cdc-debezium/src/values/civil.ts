const NS_PER_DAY = 86_400_000_000_000n

/** Year, month and day of days since 1970-01-01, proleptic Gregorian. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
export function civilFromDays(days: number): readonly [year: number, month: number, day: number] {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day]
}

/** Inverse of {@link civilFromDays}. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** ISO text of a date; years outside 0000–9999 have a sign. */
export function formatCivilDate(days: number): string {
  const [year, month, day] = civilFromDays(days)
  const digits = String(Math.abs(year)).padStart(4, '0')
  const sign = year < 0 ? '-' : year > 9999 ? '+' : ''
  return `${sign}${digits}-${two(month)}-${two(day)}`
}

/** `hh:mm:ss` with as many fraction digits as needed; negative and beyond a day as a span of time. */
export function formatTimeOfDay(ns: bigint): string {
  const magnitude = ns < 0n ? -ns : ns
  const seconds = magnitude / 1_000_000_000n
  const fraction = (magnitude % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  const text = `${two(Number(seconds / 3600n))}:${two(Number((seconds / 60n) % 60n))}:${two(Number(seconds % 60n))}`
  return `${ns < 0n ? '-' : ''}${text}${fraction === '' ? '' : `.${fraction}`}`
}

/** ISO text of nanoseconds since 1970-01-01T00:00. */
export function formatCivilDateTime(ns: bigint): string {
  const days = floorDivide(ns, NS_PER_DAY)
  return `${formatCivilDate(Number(days))}T${formatTimeOfDay(ns - days * NS_PER_DAY)}`
}

/** Quotient rounded towards minus infinity. */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient
}

/** ISO date text, sign and long years allowed, to days; undefined for other text. */
export function parseCivilDate(text: string): number | undefined {
  const match = /^([+-]?\d{4,9})-(\d{2})-(\d{2})$/.exec(text)
  if (match === null) return undefined
  const days = daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3]))
  return formatCivilDate(days).endsWith(`-${match[2]}-${match[3]}`) ? days : undefined
}

/** `hh:mm[:ss[.fraction]]` to nanoseconds; undefined for other text. */
export function parseTimeOfDay(text: string): bigint | undefined {
  const match = /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/.exec(text)
  if (match === null) return undefined
  const seconds = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0)
  return BigInt(seconds) * 1_000_000_000n + BigInt((match[4] ?? '').padEnd(9, '0'))
}

/** A date and time, `T` or blank between, to nanoseconds since the epoch as if UTC. */
export function parseCivilDateTime(text: string): bigint | undefined {
  const match = /^([+-]?\d{4,9}-\d{2}-\d{2})[T ](.+)$/.exec(text)
  if (match === null) return undefined
  const days = parseCivilDate(match[1]!)
  const time = parseTimeOfDay(match[2]!)
  return days === undefined || time === undefined ? undefined : BigInt(days) * NS_PER_DAY + time
}

/** Cuts `Z` or `±hh[:mm[:ss]]` off the end; the offset is in seconds. Undefined without one. */
export function splitOffset(
  text: string,
): { readonly local: string; readonly offsetSeconds: number; readonly offset: string } | undefined {
  const match = /^(.*?\d)(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)$/i.exec(text)
  if (match === null) return undefined
  const offset = match[2]!
  if (offset === 'Z' || offset === 'z') return { local: match[1]!, offsetSeconds: 0, offset: 'Z' }
  const digits = offset.slice(1).replaceAll(':', '').padEnd(6, '0')
  const seconds =
    Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4))
  return { local: match[1]!, offsetSeconds: offset.startsWith('-') ? -seconds : seconds, offset }
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
