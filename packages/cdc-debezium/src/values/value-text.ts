import { BsonBinary } from './bson-binary.ts'
import {
  BitString,
  BsonCode,
  BsonMarker,
  BsonRegex,
  BsonTimestamp,
  Circle,
  createStruct,
  Duration,
  ExactDecimal,
  Geometry,
  InfiniteTime,
  Instant,
  Interval,
  JsonText,
  Line,
  NonFiniteDecimal,
  ObjectId,
  PlainDate,
  PlainDateTime,
  PlainTime,
  Point,
  SparseVector,
  UNAVAILABLE,
  Vector,
  ZonedTime,
  type ColumnValue,
  type StructValue,
} from './values.ts'

/** JSON without objects: what is not plain is an array that begins with its tag. */
type Tagged = null | boolean | number | string | readonly Tagged[]

/** A value as text that {@link parseValue} gives back. Equal values have equal texts as long as members of structs stand in one order. */
export function formatValue(value: ColumnValue): string {
  return JSON.stringify(tag(value))
}

/** Reverses {@link formatValue}. @throws TypeError for other text */
export function parseValue(text: string): ColumnValue {
  return untag(JSON.parse(text) as Tagged)
}

function tag(value: ColumnValue): Tagged {
  if (value === UNAVAILABLE) return ['unavailable']
  switch (typeof value) {
    case 'bigint':
      return ['int64', String(value)]
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : ['double', spell(value)]
    case 'object':
      return value === null ? null : tagObject(value)
    case 'symbol':
      return ['unavailable']
    default:
      return value
  }
}

function spell(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')

function tagObject(
  value: Exclude<ColumnValue, null | boolean | number | bigint | string | symbol>,
): Tagged {
  if (value instanceof BsonBinary) return ['binary', base64(value), value.subtype]
  if (value instanceof Uint8Array) return ['bytes', base64(value)]
  if (value instanceof ExactDecimal) return ['decimal', String(value.unscaled), value.scale]
  if (value instanceof NonFiniteDecimal) return ['decimal', value.text]
  if (value instanceof PlainDate) return ['date', value.epochDays]
  if (value instanceof PlainTime) return ['time', String(value.nanoseconds)]
  if (value instanceof PlainDateTime) return ['date-time', String(value.epochNanoseconds)]
  if (value instanceof Instant)
    return ['instant', String(value.epochNanoseconds), value.offset, value.offsetSeconds]
  if (value instanceof ZonedTime) return ['zoned-time', value.text]
  if (value instanceof Interval) return ['interval', value.text]
  if (value instanceof Duration) return ['duration', value.unit, String(value.value)]
  if (value instanceof InfiniteTime) return ['infinity', value.negative]
  if (value instanceof BitString) return ['bits', value.bits, value.length]
  if (value instanceof JsonText) return ['json', value.text]
  if (value instanceof Point)
    return ['point', tag(value.x), tag(value.y), tag(value.wkb), value.srid]
  if (value instanceof Geometry)
    return [
      'geometry',
      tag(value.wkb),
      value.srid,
      value.extensions === null ? null : [...value.extensions],
    ]
  if (value instanceof Circle) return ['circle', tag(value.center), tag(value.radius)]
  if (value instanceof Line) return ['line', tag(value.a), tag(value.b), tag(value.c)]
  if (value instanceof Vector) return ['vector', value.elements.map(tag)]
  if (value instanceof SparseVector)
    return ['sparse', value.dimensions, [...value.entries].map(([i, v]) => [i, tag(v)])]
  if (value instanceof ObjectId) return ['oid', value.hex]
  if (value instanceof BsonTimestamp) return ['bson-timestamp', value.seconds, value.increment]
  if (value instanceof BsonRegex) return ['regex', value.pattern, value.flags]
  if (value instanceof BsonCode) return ['code', value.code]
  if (value instanceof BsonMarker) return ['marker', value.name]
  if (Array.isArray(value)) return ['list', ...(value as readonly ColumnValue[]).map(tag)]
  if (value instanceof Map)
    return [
      'map',
      ...[...(value as ReadonlyMap<ColumnValue, ColumnValue>)].map(([k, v]) => [tag(k), tag(v)]),
    ]
  return ['struct', ...Object.entries(value as StructValue).map(([name, v]) => [name, tag(v)])]
}

function untag(tagged: Tagged): ColumnValue {
  if (!Array.isArray(tagged)) return tagged as null | boolean | number | string
  const [name, ...parts] = tagged as readonly Tagged[]
  const [a, b, c] = parts
  const text = (part: Tagged | undefined): string => part as string
  const value = (part: Tagged | undefined): ColumnValue => untag(part as Tagged)
  const number = (part: Tagged | undefined): number => value(part) as number
  switch (name) {
    case 'unavailable':
      return UNAVAILABLE
    case 'int64':
      return BigInt(text(a))
    case 'double':
      return Number(a)
    case 'bytes':
      return new Uint8Array(Buffer.from(text(a), 'base64'))
    case 'binary':
      return new BsonBinary(Buffer.from(text(a), 'base64'), b as number)
    case 'decimal': {
      if (typeof b !== 'number') return new NonFiniteDecimal(text(a) as NonFiniteDecimal['text'])
      return new ExactDecimal(BigInt(text(a)), b)
    }
    case 'date':
      return new PlainDate(number(a))
    case 'time':
      return new PlainTime(BigInt(text(a)))
    case 'date-time':
      return new PlainDateTime(BigInt(text(a)))
    case 'instant':
      return new Instant(BigInt(text(a)), text(b), c as number)
    case 'zoned-time':
      return new ZonedTime(text(a))
    case 'interval':
      return new Interval(text(a))
    case 'duration':
      return new Duration(a as Duration['unit'], BigInt(text(b)))
    case 'infinity':
      return new InfiniteTime(a as boolean)
    case 'bits':
      return new BitString(text(a), b as number | null)
    case 'json':
      return new JsonText(text(a))
    case 'point':
      return new Point(
        number(a),
        number(b),
        value(c) as Uint8Array | null,
        parts[3] as number | null,
      )
    case 'geometry':
      return new Geometry(
        value(a) as Uint8Array,
        b as number | null,
        c === null ? null : new Map(c as unknown as [string, string][]),
      )
    case 'circle':
      return new Circle(value(a) as Point, number(b))
    case 'line':
      return new Line(number(a), number(b), number(c))
    case 'vector':
      return new Vector((a as readonly Tagged[]).map(number))
    case 'sparse': {
      const entries = b as readonly (readonly [number, Tagged])[]
      return new SparseVector(a as number, new Map(entries.map(([i, v]) => [i, number(v)])))
    }
    case 'oid':
      return new ObjectId(text(a))
    case 'bson-timestamp':
      return new BsonTimestamp(a as number, b as number)
    case 'regex':
      return new BsonRegex(text(a), text(b))
    case 'code':
      return new BsonCode(text(a))
    case 'marker':
      return new BsonMarker(a as BsonMarker['name'])
    case 'list':
      return parts.map(untag)
    case 'map':
      return new Map(
        (parts as unknown as readonly (readonly [Tagged, Tagged])[]).map(([k, v]) => [
          untag(k),
          untag(v),
        ]),
      )
    case 'struct': {
      const struct = createStruct()
      for (const [member, v] of parts as unknown as readonly (readonly [string, Tagged])[])
        struct[member] = untag(v)
      return struct
    }
    default:
      throw new TypeError(`unknown tag "${String(name)}"`)
  }
}
