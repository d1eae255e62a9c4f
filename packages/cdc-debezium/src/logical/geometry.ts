import { SqlTypes, type SqlType } from '@varve/serde'

import { ConnectPairs, invalid, type ConnectData } from '../connect/connect-data.ts'
import { connectSchema, type ConnectSchema, type ConnectType } from '../connect/connect-schema.ts'
import { Circle, Geometry, Line, Point } from '../values/values.ts'
import type { LogicalType } from './logical-type.ts'

function struct(fields: Readonly<Record<string, ConnectType | ConnectSchema>>): ConnectSchema {
  return connectSchema('struct', {
    fields: Object.entries(fields).map(([name, type]) => ({
      name,
      schema: typeof type === 'string' ? connectSchema(type) : type,
    })),
  })
}

function sqlStruct(fields: Readonly<Record<string, SqlType>>): SqlType {
  return {
    kind: 'STRUCT',
    fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
  }
}

type Members = ReadonlyMap<string, ConnectData>

function members(data: ConnectData | undefined, path: string): Members {
  return data instanceof Map ? (data as Members) : invalid(path, 'no struct')
}

function double(data: ConnectData | undefined, path: string): number {
  return typeof data === 'number' ? data : invalid(path, 'no number')
}

function bytes(data: ConnectData | undefined): Uint8Array | null {
  return data instanceof Uint8Array ? data : null
}

function srid(data: ConnectData | undefined): number | null {
  return typeof data === 'number' ? data : null
}

function point(data: ConnectData | undefined, path: string): Point {
  const of = members(data, path)
  return new Point(
    double(of.get('x'), `${path}.x`),
    double(of.get('y'), `${path}.y`),
    bytes(of.get('wkb')),
    srid(of.get('srid')),
  )
}

const POINT = struct({ x: 'double', y: 'double', wkb: 'bytes', srid: 'int32' })
const SQL_POINT = sqlStruct({
  X: SqlTypes.DOUBLE,
  Y: SqlTypes.DOUBLE,
  WKB: SqlTypes.BYTES,
  SRID: SqlTypes.INTEGER,
})

const geometry: LogicalType = {
  base: struct({
    wkb: 'bytes',
    srid: 'int32',
    extensions: connectSchema('map', {
      keys: connectSchema('string'),
      values: connectSchema('string'),
    }),
  }),
  sqlType: () => sqlStruct({ WKB: SqlTypes.BYTES, SRID: SqlTypes.INTEGER }),
  decode: (data, _, path) => {
    const of = members(data, path)
    const extensions = of.get('extensions')
    return new Geometry(
      bytes(of.get('wkb')) ?? invalid(path, 'no geometry'),
      srid(of.get('srid')),
      extensions instanceof ConnectPairs
        ? new Map(extensions.pairs.map(([key, value]) => [String(key), String(value)]))
        : null,
    )
  },
}

/** Points, geometries, circles and lines. */
export const geometryTypes: readonly (readonly [string, LogicalType])[] = [
  [
    'io.debezium.data.geometry.Point',
    { base: POINT, sqlType: () => SQL_POINT, decode: (data, _, path) => point(data, path) },
  ],
  ['io.debezium.data.geometry.Geometry', geometry],
  ['io.debezium.data.geometry.Geography', geometry],
  [
    'io.debezium.data.geometry.Circle',
    {
      base: struct({ center: POINT, radius: 'double' }),
      sqlType: () => sqlStruct({ CENTER: SQL_POINT, RADIUS: SqlTypes.DOUBLE }),
      decode: (data, _, path) => {
        const of = members(data, path)
        return new Circle(
          point(of.get('center'), `${path}.center`),
          double(of.get('radius'), `${path}.radius`),
        )
      },
    },
  ],
  [
    'io.debezium.data.geometry.Line',
    {
      base: struct({ a: 'double', b: 'double', c: 'double' }),
      sqlType: () => sqlStruct({ A: SqlTypes.DOUBLE, B: SqlTypes.DOUBLE, C: SqlTypes.DOUBLE }),
      decode: (data, _, path) => {
        const of = members(data, path)
        return new Line(
          double(of.get('a'), `${path}.a`),
          double(of.get('b'), `${path}.b`),
          double(of.get('c'), `${path}.c`),
        )
      },
    },
  ],
]
