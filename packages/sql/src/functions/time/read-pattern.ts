import { UnsupportedError } from '@varve/base'

import type { PatternPart } from './date-pattern.ts'
import { instantOfLocal } from './zone.ts'

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const fullMonths =
  'january february march april may june july august september october november december'.split(' ')

/** What a text said. */
interface Fields {
  year: number
  month: number
  day: number
  dayOfYear: number | undefined
  hour: number
  minute: number
  second: number
  ms: number
  afternoon: boolean | undefined
  zone: string | undefined
}

/** Milliseconds since the epoch of a text that follows a pattern. @throws RangeError */
export function readPattern(parts: readonly PatternPart[], text: string, zone = 'UTC'): number {
  const fields: Fields = {
    year: 1970,
    month: 1,
    day: 1,
    dayOfYear: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    ms: 0,
    afternoon: undefined,
    zone: undefined,
  }
  let at = 0
  for (const [i, part] of parts.entries()) {
    if (part.kind === 'text') {
      if (!text.startsWith(part.text, at)) throw failure(text, at)
      at += part.text.length
    } else {
      // Fields that touch the next one take just their width; others as many digits as there are.
      const next = parts[i + 1]
      at = readField(part, next?.kind === 'field', text, at, fields)
    }
  }
  if (at !== text.length) throw failure(text, at)
  return instant(fields, text, zone)
}

function failure(text: string, at: number): RangeError {
  return new RangeError(`text "${text}" could not be parsed at index ${at}`)
}

function readField(
  { letter, width }: Extract<PatternPart, { kind: 'field' }>,
  adjacent: boolean,
  text: string,
  at: number,
  fields: Fields,
): number {
  const digits = (min: number, max: number): string => {
    const found = new RegExp(`\\d{${min},${max}}`, 'y')
    found.lastIndex = at
    const match = found.exec(text)
    if (match === null) throw failure(text, at)
    return match[0]
  }
  const number = (longest = 19): string => digits(width, adjacent || width > 1 ? width : longest)
  switch (letter) {
    case 'y':
    case 'u': {
      const year = width === 2 ? digits(2, 2) : digits(width, adjacent ? width : 9)
      fields.year = width === 2 ? 2000 + Number(year) : Number(year)
      return at + year.length
    }
    case 'M':
    case 'L': {
      if (width < 3) {
        const month = number(2)
        fields.month = Number(month)
        return at + month.length
      }
      const names = width > 3 ? fullMonths : months
      const rest = text.slice(at).toLowerCase()
      const index = names.findIndex((name) => rest.startsWith(name))
      if (index === -1) throw failure(text, at)
      fields.month = index + 1
      return at + names[index]!.length
    }
    case 'd': {
      const day = number(2)
      fields.day = Number(day)
      return at + day.length
    }
    case 'D': {
      const day = number(3)
      fields.dayOfYear = Number(day)
      return at + day.length
    }
    case 'H':
    case 'k':
    case 'h':
    case 'K': {
      const hour = number(2)
      const value = Number(hour)
      fields.hour = letter === 'k' ? value % 24 : letter === 'h' ? value % 12 : value
      return at + hour.length
    }
    case 'm': {
      const minute = number(2)
      fields.minute = Number(minute)
      return at + minute.length
    }
    case 's': {
      const second = number(2)
      fields.second = Number(second)
      return at + second.length
    }
    case 'S': {
      const fraction = digits(width, width)
      fields.ms = Number(fraction.padEnd(3, '0').slice(0, 3))
      return at + fraction.length
    }
    case 'a': {
      const half = text.slice(at, at + 2).toUpperCase()
      if (half !== 'AM' && half !== 'PM') throw failure(text, at)
      fields.afternoon = half === 'PM'
      return at + 2
    }
    case 'E': {
      const name = /[A-Za-z]+/y
      name.lastIndex = at
      const match = name.exec(text)
      if (match === null) throw failure(text, at)
      return at + match[0].length
    }
    case 'X':
    case 'x':
    case 'Z':
    case 'z':
    case 'V': {
      const zone = /[+-]\d{1,2}(?::?\d{2})?|[A-Za-z][\w/+-]*/y
      zone.lastIndex = at
      const match = zone.exec(text)
      if (match === null) throw failure(text, at)
      fields.zone = match[0]
      return at + match[0].length
    }
    default:
      throw new UnsupportedError(`letter "${letter}" in a time pattern for parsing`)
  }
}

function instant(fields: Fields, text: string, zone: string): number {
  const { year, month, day, dayOfYear, minute, second, ms } = fields
  const hour =
    fields.afternoon === undefined ? fields.hour : (fields.hour % 12) + (fields.afternoon ? 12 : 0)
  const date = new Date(0)
  date.setUTCFullYear(year, dayOfYear === undefined ? month - 1 : 0, dayOfYear ?? day)
  const isDate =
    dayOfYear !== undefined || (date.getUTCMonth() === month - 1 && date.getUTCDate() === day)
  if (!isDate || hour > 23 || minute > 59 || second > 59) {
    throw new RangeError(`text "${text}" holds a field that is out of range`)
  }
  date.setUTCHours(hour, minute, second, ms)
  return instantOfLocal(fields.zone ?? zone, date.getTime())
}
