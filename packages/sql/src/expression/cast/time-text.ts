/** Milliseconds of a day. */
export const dayMs = 86_400_000

/** `yyyy-MM-dd` of a count of days since the epoch. */
export function formatDate(days: number): string {
  return formatYearMonthDay(new Date(days * dayMs))
}

/** `yyyy-MM-ddTHH:mm:ss.SSS` in UTC of milliseconds since the epoch. */
export function formatTimestamp(ms: number): string {
  const date = new Date(ms)
  return `${formatYearMonthDay(date)}T${date.toISOString().slice(-13, -1)}`
}

/** `HH:mm`, `HH:mm:ss` or `HH:mm:ss.SSS`, as short as the value allows, of milliseconds of the day. */
export function formatTime(ms: number): string {
  const text = new Date(ms).toISOString().slice(11, 23)
  if (!text.endsWith('.000')) return text
  return text.endsWith(':00.000') ? text.slice(0, 5) : text.slice(0, 8)
}

function formatYearMonthDay(date: Date): string {
  const year = date.getUTCFullYear()
  const digits = Math.abs(year).toString().padStart(4, '0')
  const sign = year < 0 ? '-' : year > 9999 ? '+' : ''
  const month = (date.getUTCMonth() + 1).toString().padStart(2, '0')
  return `${sign}${digits}-${month}-${date.getUTCDate().toString().padStart(2, '0')}`
}

/** Days since the epoch of `yyyy`, `yyyy-MM` or `yyyy-MM-dd`. @throws RangeError */
export function parseDate(text: string): number {
  const match = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(text.trim())
  if (match === null) throw new RangeError(`"${text}" is no DATE`)
  return daysOf(match[1]!, match[2], match[3], text)
}

function daysOf(year: string, month = '1', day = '1', text: string): number {
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) {
    throw new RangeError(`"${text}" is no date of the calendar`)
  }
  return Math.round(date.getTime() / dayMs)
}

/** Milliseconds of the day of `HH:mm[:ss[.SSS]]`. @throws RangeError */
export function parseTime(text: string): number {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/.exec(text.trim())
  if (match === null) throw new RangeError(`"${text}" is no TIME`)
  return timeOf(match[1]!, match[2], match[3], match[4], text)
}

function timeOf(hour: string, minute = '0', second = '0', fraction = '', text: string): number {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)]
  if (h > 23 || m > 59 || s > 59) throw new RangeError(`"${text}" is no time of the day`)
  return ((h * 60 + m) * 60 + s) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3))
}

/**
 * Milliseconds since the epoch of an ISO text that may be cut short (`2020`, `2020-05-01T10`) and may carry `Z`, a numeric offset or a zone name; UTC
 * otherwise.
 *
 * @throws RangeError
 */
export function parseTimestamp(text: string): number {
  const match =
    /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:T(?:(\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i.exec(
      text.trim().replace(/^(\d{4}-\d{1,2}-\d{1,2}) (?=\d)/, '$1T'),
    )
  if (match === null) throw new RangeError(`"${text}" is no TIMESTAMP`)
  // 24:00 is the end of the day.
  const isEnd = match[4] === '24' && !/[1-9]/.test(`${match[5]}${match[6]}${match[7]}`)
  const local =
    daysOf(match[1]!, match[2], match[3], text) * dayMs +
    (isEnd ? dayMs : timeOf(match[4] ?? '0', match[5], match[6], match[7], text))
  return local - offsetMs(match[8])
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || '0')
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
