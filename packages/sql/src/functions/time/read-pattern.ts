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
  beforeEra: boolean
}

function setTimeOfDay(ms: number, fields: Fields): void {
  fields.hour = Math.floor(ms / 3_600_000)
  fields.minute = Math.floor(ms / 60_000) % 60
  fields.second = Math.floor(ms / 1_000) % 60
  fields.ms = ms % 1_000
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
    beforeEra: false,
  }
  const at = readParts(parts, text, 0, fields)
  if (at !== text.length) throw failure(text, at)
  return instant(fields, text, zone)
}

function readParts(
  parts: readonly PatternPart[],
  text: string,
  start: number,
  fields: Fields,
): number {
  let at = start
  for (const [i, part] of parts.entries()) {
    switch (part.kind) {
      case 'text':
        // Letters of any case match, as for names.
        if (text.slice(at, at + part.text.length).toLowerCase() !== part.text.toLowerCase()) {
          throw failure(text, at)
        }
        at += part.text.length
        break
      case 'optional':
        at = readOptional(part.parts, text, at, fields)
        break
      case 'field':
        // Fields that touch the next one take just their width; others as many digits as there are.
        at = readField(part, parts[i + 1]?.kind === 'field', text, at, fields)
    }
  }
  return at
}

/** What cannot be read is taken to be missing, and leaves nothing behind. */
function readOptional(
  parts: readonly PatternPart[],
  text: string,
  at: number,
  fields: Fields,
): number {
  const before = { ...fields }
  try {
    return readParts(parts, text, at, fields)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    Object.assign(fields, before)
    return at
  }
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
    case 'A': {
      const millis = digits(width, 19)
      setTimeOfDay(Number(millis), fields)
      return at + millis.length
    }
    case 'N': {
      const nanos = digits(width, 19)
      setTimeOfDay(Math.floor(Number(nanos) / 1_000_000), fields)
      return at + nanos.length
    }
    case 'n': {
      const nanos = digits(width, 19)
      fields.ms = Math.floor(Number(nanos) / 1_000_000)
      return at + nanos.length
    }
    case 'G': {
      const era = text.slice(at, at + 2).toUpperCase()
      if (era !== 'AD' && era !== 'BC') throw failure(text, at)
      fields.beforeEra = era === 'BC'
      return at + 2
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
    case 'O':
    case 'V': {
      const zone = /(?:GMT|UTC|UT)?[+-]\d{1,2}(?::?\d{2})?|[A-Za-z][\w/+-]*/y
      zone.lastIndex = at
      const match = zone.exec(text)
      if (match === null) throw failure(text, at)
      fields.zone = match[0].replace(/^(?:GMT|UTC|UT)(?=[+-])/, '')
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
  date.setUTCFullYear(
    fields.beforeEra ? 1 - year : year,
    dayOfYear === undefined ? month - 1 : 0,
    dayOfYear ?? day,
  )
  const isDate =
    dayOfYear !== undefined || (date.getUTCMonth() === month - 1 && date.getUTCDate() === day)
  if (!isDate || hour > 23 || minute > 59 || second > 59) {
    throw new RangeError(`text "${text}" holds a field that is out of range`)
  }
  date.setUTCHours(hour, minute, second, ms)
  return instantOfLocal(fields.zone ?? zone, date.getTime())
}
