const formatters = new Map<string, Intl.DateTimeFormat>()

/** Offset of a zone from UTC at an instant, milliseconds. Zones are names (`Europe/Berlin`), `UTC`, `Z` or offsets (`+02:00`). @throws RangeError */
export function zoneOffsetMs(zone: string, epochMs: number): number {
  if (zone === 'UTC' || zone === 'GMT' || zone === 'Z') return 0
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
