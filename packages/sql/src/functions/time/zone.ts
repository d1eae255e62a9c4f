const formatters = new Map<string, Intl.DateTimeFormat>()

/** Offset of a zone from UTC at an instant, milliseconds. Zones are names (`Europe/Berlin`), `UTC`, `Z` or offsets (`+02:00`). @throws RangeError */
export function zoneOffsetMs(zone: string, epochMs: number): number {
  if (zone === 'UTC' || zone === 'GMT' || zone === 'Z' || zone === 'z') return 0
  const fixed = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(zone)
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3] ?? '0')
    return (fixed[1] === '-' ? -minutes : minutes) * 60_000
  }
  const second = Math.floor(epochMs / 1000) * 1000
  const fields = Object.fromEntries(
    formatterOf(zone)
      .formatToParts(second)
      .map((part) => [part.type, part.value]),
  )
  const [year, month, day] = [fields['year'], fields['month'], fields['day']].map(Number)
  const [hour, minute, seconds] = [fields['hour'], fields['minute'], fields['second']].map(Number)
  const local = new Date(0)
  local.setUTCFullYear(fields['era'] === 'B' ? 1 - year! : year!, month! - 1, day!)
  local.setUTCHours(hour!, minute!, seconds!)
  return local.getTime() - second
}

/** The zone that the process runs in. */
export function serverZone(): string {
  return new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone
}

const namingLocales = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'ja-JP', 'ko-KR']

/** Name of a zone at an instant: `PDT`, or `Pacific Daylight Time`. Locales have short names for the zones of their own part of the world. */
export function zoneName(zone: string, epochMs: number, style: 'short' | 'long'): string {
  if (/^(?:UTC|GMT|Z)$/i.test(zone)) {
    if (style === 'short') return zone.toUpperCase()
    return zone.toUpperCase() === 'GMT' ? 'Greenwich Mean Time' : 'Coordinated Universal Time'
  }
  if (!/^[A-Za-z]/.test(zone)) return zone
  for (const locale of namingLocales) {
    const name = namerOf(locale, zone, style)
      .formatToParts(epochMs)
      .find((part) => part.type === 'timeZoneName')?.value
    if (name !== undefined && !/\d/.test(name)) return name
  }
  return zone
}

const namers = new Map<string, Intl.DateTimeFormat>()

function namerOf(locale: string, zone: string, style: 'short' | 'long'): Intl.DateTimeFormat {
  const key = `${locale} ${style} ${zone}`
  let namer = namers.get(key)
  if (namer === undefined) {
    namer = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: style })
    namers.set(key, namer)
  }
  return namer
}

/** The instant of a local time in a zone; in an overlap the earlier one. */
export function instantOfLocal(zone: string, localMs: number): number {
  const guess = localMs - zoneOffsetMs(zone, localMs)
  return localMs - zoneOffsetMs(zone, guess)
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'narrow',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(zone, formatter)
  }
  return formatter
}
