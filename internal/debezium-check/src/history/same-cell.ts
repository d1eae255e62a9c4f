import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'

import { compareDecimal, parseDecimal } from '@varve/serde'
import {
  BitString,
  Duration,
  ExactDecimal,
  Geometry,
  InfiniteTime,
  Instant,
  Interval,
  JsonText,
  NonFiniteDecimal,
  PlainDate,
  PlainDateTime,
  PlainTime,
  Point,
  ZonedTime,
  type ColumnValue,
} from '@varve/cdc-debezium'

/** Verdict on one cell; undefined where the database's text of the type is not understood here. */
export type CellVerdict = boolean | undefined

/** Whether a decoded value is what SELECT printed. */
export function sameCell(value: ColumnValue, text: string | null): CellVerdict {
  // MariaDB's zero and partly zero dates have no place in a calendar: the connector sends null.
  if (value === null) return text === null || (/^\d{4}-\d\d-\d\d/.test(text) && /-00/.test(text))
  if (text === null) return false
  switch (typeof value) {
    case 'boolean':
      return (value ? ['true', 't', '1'] : ['false', 'f', '0']).includes(text)
    case 'bigint':
      return (
        /^-?\d+$/.test(text) &&
        (BigInt(text) === value || BigInt.asIntN(64, BigInt(text)) === value)
      )
    case 'number':
      return sameNumber(value, text)
    case 'string':
      return sameText(value, text)
    case 'symbol':
      return false
    default:
      return sameObject(value, text)
  }
}

function sameText(value: string, text: string): boolean {
  if (value.trimEnd() === text.trimEnd()) return true
  // The text of a cast shows the mask of a single host, which the value's own text leaves out.
  if (isIP(value) !== 0) return text === `${value}/${isIP(value) === 4 ? 32 : 128}`
  // Money is printed with its sign and groups, binary data in upper case.
  if (/^-?\$/.test(text)) return value === text.replace(/[$,]/g, '')
  return /^[0-9A-F]+$/.test(text) && value.toUpperCase() === text
}

function sameNumber(value: number, text: string): boolean {
  const number = Number(text)
  if (Number.isNaN(value)) return text === 'NaN'
  // MariaDB prints a FLOAT with six digits.
  return number === value || Math.abs(number - value) <= Math.abs(value) * 5e-6
}

function sameObject(
  value: Exclude<ColumnValue, null | string | number | bigint | boolean | symbol>,
  text: string,
): CellVerdict {
  if (value instanceof Uint8Array) {
    const hex = Buffer.from(value).toString('hex')
    return text === `\\x${hex}` || text.toLowerCase() === hex
  }
  if (value instanceof ExactDecimal) {
    const selected = parseDecimal(text.replace(/[$,]/g, ''))
    return selected !== undefined && compareDecimal(selected, value) === 0
  }
  if (value instanceof NonFiniteDecimal || value instanceof InfiniteTime)
    return value.toString() === text
  if (value instanceof PlainDate) return value.toString() === eraDate(text)
  if (value instanceof PlainTime) return value.toString() === trimFraction(text)
  if (value instanceof PlainDateTime)
    return value.toString() === trimFraction(eraDate(text).replace(' ', 'T'))
  if (value instanceof Instant) {
    const utc = eraDate(text.replace(/\+00/, '')).replace(' ', 'T')
    return value.toString().replace(/Z$/, '') === trimFraction(utc)
  }
  if (value instanceof BitString) return value.bits === text || sameVaryingBits(value.bits, text)
  if (value instanceof JsonText)
    return text.includes('=>') || text === '' ? undefined : sameJson(value.text, text)
  if (
    value instanceof Duration ||
    value instanceof Interval ||
    value instanceof ZonedTime ||
    value instanceof Point ||
    value instanceof Geometry
  )
    return undefined
  if (Array.isArray(value)) return sameArray(value as readonly ColumnValue[], text)
  return undefined
}

/** Databases that parse JSON print it in their own way. */
function sameJson(sent: string, text: string): boolean {
  if (sent === text) return true
  try {
    return isDeepStrictEqual(JSON.parse(sent), JSON.parse(text))
  } catch {
    return false
  }
}

/** A varying string's own length is not sent: what is padded to the column's length has more zeros in front, and none else. */
function sameVaryingBits(bits: string, text: string): boolean {
  return bits.length > text.length && bits.replace(/^0+/, '') === text.replace(/^0+/, '')
}

function sameArray(value: readonly ColumnValue[], text: string): CellVerdict {
  // A MariaDB SET is text with commas.
  if (!text.startsWith('{')) return value.join(',') === text
  const items = arrayItems(text)
  if (items.length !== value.length) return false
  return value.every((element, i) => sameCell(element, items[i]!) === true)
}

/** Elements of a PostgreSQL array literal. */
function arrayItems(text: string): readonly (string | null)[] {
  const items: (string | null)[] = []
  const element = /"((?:[^"\\]|\\.)*)"|([^{},"]+)/g
  for (const match of text.slice(1, -1).matchAll(element))
    items.push(
      match[1] === undefined
        ? match[2] === 'NULL'
          ? null
          : match[2]!
        : match[1].replace(/\\(.)/g, '$1'),
    )
  return items
}

/** Years before Christ in astronomical numbering. */
function eraDate(text: string): string {
  const match = /^(\d{4,})(-.*) BC$/.exec(text)
  if (match === null) return text
  const year = 1 - Number(match[1])
  return `${year < 0 ? '-' : ''}${String(Math.abs(year)).padStart(4, '0')}${match[2]}`
}

function trimFraction(text: string): string {
  return text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}
