import { formatDecimal, type Decimal } from '@varve/serde'

import { floorDivide, formatCivilDate, formatCivilDateTime, formatTimeOfDay } from './civil.ts'

/** The value of a column that the event does not carry: neither a value nor null. Keep what is stored. */
export const UNAVAILABLE: unique symbol = Symbol.for('varve.cdc.unavailable')

/** A decimal with all its digits, trailing zeros too. */
export class ExactDecimal implements Decimal {
  readonly unscaled: bigint
  readonly scale: number

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled
    this.scale = scale
  }

  toString(): string {
    return formatDecimal(this)
  }
}

/** What a decimal column holds that is no number of digits. */
export class NonFiniteDecimal {
  readonly text: 'NaN' | 'Infinity' | '-Infinity'

  constructor(text: 'NaN' | 'Infinity' | '-Infinity') {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** A date without time and zone. */
export class PlainDate {
  /** Since 1970-01-01. */
  readonly epochDays: number

  constructor(epochDays: number) {
    this.epochDays = epochDays
  }

  toString(): string {
    return formatCivilDate(this.epochDays)
  }
}

/** A time of day. MySQL's TIME is a span: it may be negative, or a day and more. */
export class PlainTime {
  readonly nanoseconds: bigint

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }

  toString(): string {
    return formatTimeOfDay(this.nanoseconds)
  }
}

/** A date and time without zone. */
export class PlainDateTime {
  /** Since 1970-01-01T00:00, as if the value were UTC. */
  readonly epochNanoseconds: bigint

  constructor(epochNanoseconds: bigint) {
    this.epochNanoseconds = epochNanoseconds
  }

  /** Floored. */
  get epochMilliseconds(): number {
    return Number(floorDivide(this.epochNanoseconds, 1_000_000n))
  }

  toString(): string {
    return formatCivilDateTime(this.epochNanoseconds)
  }
}

/** A moment, with the offset it was written with. */
export class Instant {
  readonly epochNanoseconds: bigint
  /** `Z` or `±hh:mm`. */
  readonly offset: string
  readonly offsetSeconds: number

  constructor(epochNanoseconds: bigint, offset = 'Z', offsetSeconds = 0) {
    this.epochNanoseconds = epochNanoseconds
    this.offset = offset
    this.offsetSeconds = offsetSeconds
  }

  /** Floored. */
  get epochMilliseconds(): number {
    return Number(floorDivide(this.epochNanoseconds, 1_000_000n))
  }

  toString(): string {
    const local = this.epochNanoseconds + BigInt(this.offsetSeconds) * 1_000_000_000n
    return formatCivilDateTime(local) + this.offset
  }
}

/** A time of day with an offset, as text. */
export class ZonedTime {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** A period in ISO 8601 text, every part with its own sign. */
export class Interval {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** A period as one number; months were counted as 365.25 / 12 days. */
export class Duration {
  readonly unit: 'us' | 'ns'
  readonly value: bigint

  constructor(unit: 'us' | 'ns', value: bigint) {
    this.unit = unit
    this.value = value
  }
}

/** PostgreSQL's infinite dates and timestamps. */
export class InfiniteTime {
  readonly negative: boolean

  constructor(negative: boolean) {
    this.negative = negative
  }

  toString(): string {
    return this.negative ? '-infinity' : 'infinity'
  }
}

/** A bit string. */
export class BitString {
  /** `0` and `1`, most significant first. */
  readonly bits: string
  /** Of the column's type; null for a varying one without limit. */
  readonly length: number | null

  constructor(bits: string, length: number | null) {
    this.bits = bits
    this.length = length
  }

  toString(): string {
    return this.bits
  }
}

/** The text of a JSON column, untouched. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** Parsed with `JSON.parse`, which rounds long numbers. */
  parse(): unknown {
    return JSON.parse(this.text)
  }

  toString(): string {
    return this.text
  }
}

/** A point of the plane; well-known binary and reference system where they were sent. */
export class Point {
  readonly x: number
  readonly y: number
  readonly wkb: Uint8Array | null
  readonly srid: number | null

  constructor(x: number, y: number, wkb: Uint8Array | null, srid: number | null) {
    this.x = x
    this.y = y
    this.wkb = wkb
    this.srid = srid
  }
}

/** A geometry or geography in well-known binary (PostGIS: extended). */
export class Geometry {
  readonly wkb: Uint8Array
  readonly srid: number | null
  readonly extensions: ReadonlyMap<string, string> | null

  constructor(
    wkb: Uint8Array,
    srid: number | null,
    extensions: ReadonlyMap<string, string> | null = null,
  ) {
    this.wkb = wkb
    this.srid = srid
    this.extensions = extensions
  }
}

/** A circle of the plane. */
export class Circle {
  readonly center: Point
  readonly radius: number

  constructor(center: Point, radius: number) {
    this.center = center
    this.radius = radius
  }
}

/** The line `ax + by + c = 0`. */
export class Line {
  readonly a: number
  readonly b: number
  readonly c: number

  constructor(a: number, b: number, c: number) {
    this.a = a
    this.b = b
    this.c = c
  }
}

/** A vector of numbers. */
export class Vector {
  readonly elements: readonly number[]

  constructor(elements: readonly number[]) {
    this.elements = elements
  }
}

/** A vector of which most elements are zero. */
export class SparseVector {
  readonly dimensions: number
  readonly entries: ReadonlyMap<number, number>

  constructor(dimensions: number, entries: ReadonlyMap<number, number>) {
    this.dimensions = dimensions
    this.entries = entries
  }
}

/** A MongoDB ObjectId. */
export class ObjectId {
  /** 24 hexadecimal digits, lower case. */
  readonly hex: string

  constructor(hex: string) {
    this.hex = hex
  }

  toString(): string {
    return this.hex
  }
}

/** MongoDB's internal timestamp: of the oplog, not a date. */
export class BsonTimestamp {
  /** Seconds since the epoch. */
  readonly seconds: number
  readonly increment: number

  constructor(seconds: number, increment: number) {
    this.seconds = seconds
    this.increment = increment
  }
}

/** A regular expression in a document. */
export class BsonRegex {
  readonly pattern: string
  readonly flags: string

  constructor(pattern: string, flags: string) {
    this.pattern = pattern
    this.flags = flags
  }
}

/** JavaScript in a document, as text; never run. */
export class BsonCode {
  readonly code: string

  constructor(code: string) {
    this.code = code
  }
}

/** Values that only compare (MinKey, MaxKey), and the deprecated `undefined`. */
export class BsonMarker {
  readonly name: 'minKey' | 'maxKey' | 'undefined'

  constructor(name: 'minKey' | 'maxKey' | 'undefined') {
    this.name = name
  }
}

/** A struct: an object without prototype, so every name is just a name. */
export interface StructValue {
  readonly [name: string]: ColumnValue
}

/** A column's value. 64-bit integers are bigints wherever the event tells their type. */
export type ColumnValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | typeof UNAVAILABLE
  | ExactDecimal
  | NonFiniteDecimal
  | PlainDate
  | PlainTime
  | PlainDateTime
  | Instant
  | ZonedTime
  | Interval
  | Duration
  | InfiniteTime
  | BitString
  | JsonText
  | Point
  | Geometry
  | Circle
  | Line
  | Vector
  | SparseVector
  | ObjectId
  | BsonTimestamp
  | BsonRegex
  | BsonCode
  | BsonMarker
  | readonly ColumnValue[]
  | ReadonlyMap<ColumnValue, ColumnValue>
  | StructValue

/** Up to here a hash table is cheaper to make than to avoid. */
const FEW_MEMBERS = 3

/**
 * An empty {@link StructValue} to fill with about so many members. Objects that `Object.create(null)` makes are hash tables in V8; those that lose
 * their prototype later share the layout of others with the same names, which makes them much cheaper to fill, to keep and to read.
 */
export function createStruct(members = 0): { [name: string]: ColumnValue } {
  return (members > FEW_MEMBERS ? Object.setPrototypeOf({}, null) : Object.create(null)) as {
    [name: string]: ColumnValue
  }
}
