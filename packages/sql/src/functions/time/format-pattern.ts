import { UnsupportedError } from '@varve/base'

import type { PatternPart } from './date-pattern.ts'
import { zoneName, zoneOffsetMs } from './zone.ts'

const months =
  'January February March April May June July August September October November December'.split(' ')
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** An instant in a zone as a pattern says; English names. */
export function formatPattern(
  parts: readonly PatternPart[],
  epochMs: number,
  zone = 'UTC',
): string {
  const offset = zoneOffsetMs(zone, epochMs)
  const date = new Date(epochMs + offset)
  return parts
    .map((part) => (part.kind === 'text' ? part.text : formatField(part, date, offset, zone)))
    .join('')
}

function formatField(
  { letter, width }: Extract<PatternPart, { kind: 'field' }>,
  date: Date,
  offset: number,
  zone: string,
): string {
  const number = (value: number): string => value.toString().padStart(width, '0')
  const name = (names: readonly string[], index: number): string =>
    width > 3 ? names[index]! : names[index]!.slice(0, 3)
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
      return formatOffset(offset, width < 4 ? 2 : 3)
    case 'V':
      return zone
    case 'z':
      return zoneName(zone, date.getTime() - offset, width > 3 ? 'long' : 'short')
    default:
      throw new UnsupportedError(`letter "${letter}" in a time pattern for formatting`)
  }
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
