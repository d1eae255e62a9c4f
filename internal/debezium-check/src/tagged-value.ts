import {
  BitString,
  BsonBinary,
  BsonCode,
  BsonMarker,
  BsonRegex,
  BsonTimestamp,
  Circle,
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
} from '@varve/cdc-debezium'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function point(value: Point): object {
  return {
    x: value.x,
    y: value.y,
    wkb: value.wkb === null ? null : hex(value.wkb),
    srid: value.srid,
  }
}

/** A decoded value in the tagged JSON of the cases. */
export function tagValue(value: ColumnValue): unknown {
  if (value === UNAVAILABLE) return { $unavailable: true }
  switch (typeof value) {
    case 'bigint':
      return { $bigint: String(value) }
    case 'number':
      return Number.isFinite(value) ? value : { $double: String(value) }
    case 'object':
      return value === null ? null : tagObject(value)
    default:
      return value
  }
}

function tagObject(
  value: Exclude<ColumnValue, null | boolean | number | bigint | string>,
): unknown {
  if (typeof value === 'symbol') return { $unavailable: true }
  if (value instanceof BsonBinary)
    return {
      $bytes: Buffer.from(value).toString('base64'),
      subtype: value.subtype.toString(16).padStart(2, '0'),
    }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (value instanceof ExactDecimal || value instanceof NonFiniteDecimal)
    return { $decimal: value.toString() }
  if (value instanceof PlainDate) return { $date: value.toString(), days: value.epochDays }
  if (value instanceof PlainTime) return { $time: value.toString(), ns: String(value.nanoseconds) }
  if (value instanceof PlainDateTime)
    return { $timestamp: value.toString(), ns: String(value.epochNanoseconds) }
  if (value instanceof Instant)
    return { $instant: value.toString(), ns: String(value.epochNanoseconds) }
  if (value instanceof ZonedTime) return { $zonedTime: value.text }
  if (value instanceof Interval) return { $interval: value.text }
  if (value instanceof Duration)
    return value.unit === 'us'
      ? { $durationUs: String(value.value) }
      : { $durationNs: String(value.value) }
  if (value instanceof InfiniteTime) return { $special: value.toString() }
  if (value instanceof BitString) return { $bits: value.bits, length: value.length }
  if (value instanceof JsonText) return { $json: value.text }
  if (value instanceof Point) return { $point: point(value) }
  if (value instanceof Geometry) {
    const extensions =
      value.extensions === null ? {} : { extensions: Object.fromEntries(value.extensions) }
    return { $geometry: { wkb: hex(value.wkb), srid: value.srid, ...extensions } }
  }
  if (value instanceof Circle)
    return { $circle: { center: [value.center.x, value.center.y], radius: value.radius } }
  if (value instanceof Line) return { $line: { a: value.a, b: value.b, c: value.c } }
  if (value instanceof Vector) return { $vector: value.elements }
  if (value instanceof SparseVector)
    return { $sparse: { dimensions: value.dimensions, entries: [...value.entries] } }
  if (value instanceof ObjectId) return { $oid: value.hex }
  if (value instanceof BsonTimestamp)
    return { $timestamp: { t: value.seconds, i: value.increment } }
  if (value instanceof BsonRegex) return { $regex: value.pattern, $options: value.flags }
  if (value instanceof BsonCode) return { $code: value.code }
  if (value instanceof BsonMarker) return { [`$${value.name}`]: true }
  if (Array.isArray(value)) return (value as readonly ColumnValue[]).map(tagValue)
  if (value instanceof Map)
    return {
      $map: [...(value as ReadonlyMap<ColumnValue, ColumnValue>)].map(([key, member]) => [
        tagValue(key),
        tagValue(member),
      ]),
    }
  const struct = Object.create(null) as Record<string, unknown>
  for (const [name, member] of Object.entries(value)) struct[name] = tagValue(member as ColumnValue)
  return struct
}
