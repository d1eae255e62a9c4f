import { UnsupportedError } from '@varve/base'

import type { PatternPart } from './date-pattern.ts'
import { zoneName, zoneOffsetMs } from './zone.ts'

const months =
  'January February March April May June July August September October November December'.split(' ')
const dayMs = 86_400_000
const quarters = ['1st', '2nd', '3rd', '4th']
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** An instant in a zone as a pattern says; English names. */
export function formatPattern(
  parts: readonly PatternPart[],
  epochMs: number,
  zone = 'UTC',
): string {
  return formatFields(parts, epochMs, zone, undefined)
}

/** A day as a pattern says. @throws RangeError for a field of the time of day or of a zone outside brackets */
export function formatDayPattern(parts: readonly PatternPart[], epochMs: number): string {
  return formatFields(parts, epochMs, 'UTC', dateLetters)
}

/** A time of day as a pattern says. @throws RangeError for a field of the date or of a zone outside brackets */
export function formatTimePattern(parts: readonly PatternPart[], msOfDay: number): string {
  return formatFields(parts, msOfDay, 'UTC', timeLetters)
}

const dateLetters = 'GuyYDMLdQqwWEecF'
const timeLetters = 'aHhKkmsSAnN'

/** `letters`: the fields that there are. Default: all, as an instant in a zone has them. */
function formatFields(
  parts: readonly PatternPart[],
  epochMs: number,
  zone: string,
  letters: string | undefined,
): string {
  const offset = zoneOffsetMs(zone, epochMs)
  const date = new Date(epochMs + offset)
  const lacks = (part: PatternPart): boolean =>
    part.kind === 'field' && letters !== undefined && !letters.includes(part.letter)
  const format = (part: PatternPart): string => {
    switch (part.kind) {
      case 'text':
        return part.text
      case 'optional':
        return part.parts.some(lacks) ? '' : part.parts.map(format).join('')
      case 'field':
        if (lacks(part)) throw new RangeError(`the value has no field "${part.letter}"`)
        return formatField(part, date, offset, zone)
    }
  }
  return parts.map(format).join('')
}

function formatField(
  { letter, width }: Extract<PatternPart, { kind: 'field' }>,
  date: Date,
  offset: number,
  zone: string,
): string {
  const number = (value: number): string => value.toString().padStart(width, '0')
  const name = (names: readonly string[], index: number): string =>
    width === 4 ? names[index]! : names[index]!.slice(0, width > 4 ? 1 : 3)
  switch (letter) {
    case 'y':
    case 'u': {
      const year = date.getUTCFullYear()
      return width === 2 ? number(((year % 100) + 100) % 100) : number(year)
    }
    case 'M':
    case 'L':
      return width > 2 ? name(months, date.getUTCMonth()) : number(date.getUTCMonth() + 1)
    case 'd':
      return number(date.getUTCDate())
    case 'D':
      return number(
        Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1,
      )
    case 'E':
      return name(days, date.getUTCDay())
    case 'e':
    case 'c':
      return width > 2 ? name(days, date.getUTCDay()) : number(date.getUTCDay() + 1)
    case 'F':
      return number(((date.getUTCDate() - 1) % 7) + 1)
    case 'q':
    case 'Q': {
      const quarter = Math.floor(date.getUTCMonth() / 3)
      if (width < 3) return number(quarter + 1)
      return width === 3 ? `Q${quarter + 1}` : `${quarters[quarter]!} quarter`
    }
    case 'w':
      return number(weekOfYear(date).week)
    case 'W':
      return number(weekOfMonth(date))
    case 'Y': {
      const { year } = weekOfYear(date)
      return width === 2 ? number(((year % 100) + 100) % 100) : number(year)
    }
    case 'A':
      return number(millisOfDay(date))
    case 'n':
      return number(date.getUTCMilliseconds() * 1_000_000)
    case 'N':
      return String(BigInt(millisOfDay(date)) * 1_000_000n).padStart(width, '0')
    case 'H':
      return number(date.getUTCHours())
    case 'k':
      return number(date.getUTCHours() || 24)
    case 'h':
      return number(date.getUTCHours() % 12 || 12)
    case 'K':
      return number(date.getUTCHours() % 12)
    case 'a':
      return date.getUTCHours() < 12 ? 'AM' : 'PM'
    case 'm':
      return number(date.getUTCMinutes())
    case 's':
      return number(date.getUTCSeconds())
    case 'S':
      return date
        .getUTCMilliseconds()
        .toString()
        .padStart(3, '0')
        .padEnd(width, '0')
        .slice(0, width)
    case 'G':
      return date.getUTCFullYear() > 0 ? 'AD' : 'BC'
    case 'X':
      return offset === 0 ? 'Z' : formatOffset(offset, width)
    case 'x':
      return formatOffset(offset, width)
    case 'Z':
      if (width === 4) return localizedOffset(offset, 4)
      if (width === 5 && offset === 0) return 'Z'
      return formatOffset(offset, width < 4 ? 2 : 3)
    case 'O':
      return localizedOffset(offset, width)
    case 'V':
      return zone
    case 'z':
      return zoneName(zone, date.getTime() - offset, width > 3 ? 'long' : 'short')
    default:
      throw new UnsupportedError(`letter "${letter}" in a time pattern for formatting`)
  }
}

/** `GMT+1`, or with four letters `GMT+01:00`. */
function localizedOffset(offset: number, width: number): string {
  if (offset === 0) return 'GMT'
  if (width > 3) return `GMT${formatOffset(offset, 3)}`
  const minutes = Math.abs(offset) / 60_000
  const rest = minutes % 60
  const minute = rest === 0 ? '' : `:${rest.toString().padStart(2, '0')}`
  return `GMT${offset < 0 ? '-' : '+'}${Math.floor(minutes / 60)}${minute}`
}

function millisOfDay(date: Date): number {
  return ((date.getTime() % dayMs) + dayMs) % dayMs
}

/** Weeks begin on Sundays; the first of a year is the one with its first day: the rule of the locale that messages and names have. */
function weekOfYear(date: Date): { readonly year: number; readonly week: number } {
  const year = date.getUTCFullYear()
  const startOf = (wanted: number): number => {
    const first = new Date(0)
    first.setUTCFullYear(wanted, 0, 1)
    return first.getTime() - first.getUTCDay() * dayMs
  }
  const time = date.getTime()
  if (time >= startOf(year + 1)) return { year: year + 1, week: 1 }
  return { year, week: Math.floor((time - startOf(year)) / (7 * dayMs)) + 1 }
}

function weekOfMonth(date: Date): number {
  const firstWeekday = (((date.getUTCDay() - date.getUTCDate() + 1) % 7) + 7) % 7
  return Math.floor((date.getUTCDate() + firstWeekday - 1) / 7) + 1
}

function formatOffset(offset: number, width: number): string {
  const minutes = Math.abs(offset) / 60_000
  const hour = Math.floor(minutes / 60)
    .toString()
    .padStart(2, '0')
  const minute = (minutes % 60).toString().padStart(2, '0')
  const sign = offset < 0 ? '-' : '+'
  if (width === 1) return `${sign}${hour}${minute === '00' ? '' : minute}`
  return width % 2 === 0 ? `${sign}${hour}${minute}` : `${sign}${hour}:${minute}`
}
