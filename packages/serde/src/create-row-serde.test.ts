import { expect, test } from 'vitest'

import { createRowSerde } from './create-row-serde.ts'
import { InMemorySchemaRegistry } from './registry/in-memory-schema-registry.ts'
import type { Columns, FormatSpec } from './schema.ts'
import { SqlTypes, type SqlType } from './sql-type.ts'
import type { Value } from './value.ts'

const utf8 = new TextEncoder()
const text = new TextDecoder()
const dec = (precision: number, scale: number): SqlType => ({ kind: 'DECIMAL', precision, scale })

function columns(types: Record<string, SqlType>): Columns {
  return Object.entries(types).map(([name, type]) => ({ name, type }))
}

function read(spec: FormatSpec, types: Record<string, SqlType>, payload: string): unknown {
  return createRowSerde(spec, columns(types), { side: 'value', topic: 't' }).deserialize(
    utf8.encode(payload),
  )
}

function write(spec: FormatSpec, types: Record<string, SqlType>, row: Value[]): string | null {
  const bytes = createRowSerde(spec, columns(types), { side: 'value', topic: 't' }).serialize(row)
  return bytes === null ? null : text.decode(bytes)
}

const JSON_VALUE: FormatSpec = { format: 'JSON' }

test('JSON members match their column exactly, else in upper case', () => {
  const types = { ID: SqlTypes.INTEGER, low: SqlTypes.INTEGER }
  expect(read(JSON_VALUE, types, '{"id":1,"LOW":2}')).toEqual([1, null])
  expect(read(JSON_VALUE, types, '{"id":1,"ID":2,"Id":3,"low":4}')).toEqual([2, 4])
  expect(read(JSON_VALUE, types, '{"ID":2,"id":1}')).toEqual([2, null])
})

test('JSON members with names of the object machinery are ordinary', () => {
  const types = { CONSTRUCTOR: SqlTypes.STRING, __proto__x: SqlTypes.STRING }
  expect(read(JSON_VALUE, types, '{"__proto__":{"constructor":"a"}}')).toEqual([null, null])
  const hostile = [{ name: '__proto__', type: SqlTypes.INTEGER }]
  const serde = createRowSerde({ format: 'JSON' }, hostile, { side: 'value', topic: 't' })
  expect(serde.deserialize(utf8.encode('{"__proto__":5}'))).toEqual([5])
  expect(text.decode(serde.serialize([5])!)).toBe('{"__proto__":5}')
})

test('JSON keeps long integers and decimals exact', () => {
  expect(read(JSON_VALUE, { A: SqlTypes.BIGINT }, '{"a":9223372036854775807}')).toEqual([
    9223372036854775807n,
  ])
  expect(read(JSON_VALUE, { A: dec(38, 10) }, '{"a":1234567890123456789.0123456789}')).toEqual([
    { unscaled: 12345678901234567890123456789n, scale: 10 },
  ])
  expect(read(JSON_VALUE, { A: dec(4, 2) }, '{"a":"1.5"}')).toEqual([{ unscaled: 150n, scale: 2 }])
})

test('JSON coerces numbers, text and structures as the dialect does', () => {
  expect(read(JSON_VALUE, { A: SqlTypes.INTEGER }, '{"a":2.9}')).toEqual([2])
  expect(read(JSON_VALUE, { A: SqlTypes.BIGINT }, '{"a":"17"}')).toEqual([17])
  expect(read(JSON_VALUE, { A: SqlTypes.DOUBLE }, '{"a":"NaN"}')).toEqual([NaN])
  expect(read(JSON_VALUE, { A: SqlTypes.STRING }, '{"a":1.50}')).toEqual(['1.50'])
  expect(read(JSON_VALUE, { A: SqlTypes.STRING }, '{"a":true}')).toEqual(['true'])
  expect(read(JSON_VALUE, { A: SqlTypes.STRING }, '{"a":[1,"x",{"b":null}]}')).toEqual([
    '[1, x, {"b":null}]',
  ])
})

test.each([
  ['{"a":"x"}', SqlTypes.INTEGER, /field "A": "x" cannot be read as INTEGER/],
  ['{"a":1.234}', dec(4, 2), /1.234 cannot be read as DECIMAL\(4, 2\)/],
  ['{"a":1}', SqlTypes.BOOLEAN, /cannot be read as BOOLEAN/],
  ['[1]', SqlTypes.INTEGER, /not a JSON object/],
  ['{"a":', SqlTypes.INTEGER, /JSON/],
  ['{"a":12345678901234567890123', SqlTypes.BIGINT, /at offset 28/],
  ['', SqlTypes.INTEGER, /JSON/],
])('JSON %s is refused for the whole record', (payload, type, message) => {
  expect(() => read(JSON_VALUE, { A: type }, payload)).toThrow(message)
})

test('deeply nested JSON is an error, not a crash', () => {
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  expect(() => read(JSON_VALUE, { A: SqlTypes.STRING }, deep)).toThrow(/nested too deeply/)
})

test('JSON writes nulls, Java doubles and plain decimals', () => {
  const types = { A: SqlTypes.DOUBLE, B: SqlTypes.STRING, C: dec(6, 2), D: SqlTypes.DOUBLE }
  expect(write(JSON_VALUE, types, [1e10, null, { unscaled: 150n, scale: 2 }, NaN])).toBe(
    '{"A":1.0E10,"B":null,"C":1.50,"D":"NaN"}',
  )
  expect(write(JSON_VALUE, { S: SqlTypes.STRING }, ['"\u0001é'])).toBe('{"S":"\\"\\u0001é"}')
})

test('single values may stand bare, and a bare null is no payload', () => {
  const bare: FormatSpec = { format: 'JSON', wrap: false }
  expect(write(bare, { A: SqlTypes.INTEGER }, [7])).toBe('7')
  expect(write(bare, { A: SqlTypes.INTEGER }, [null])).toBeNull()
  expect(read(bare, { A: SqlTypes.INTEGER }, '7')).toEqual([7])
  const key = createRowSerde(JSON_VALUE, columns({ K: SqlTypes.STRING }), {
    side: 'key',
    topic: 't',
  })
  expect(text.decode(key.serialize(['x'])!)).toBe('"x"')
})

test('KAFKA bytes are those of Kafka', () => {
  const bytes = (type: SqlType, value: Value): Uint8Array =>
    createRowSerde({ format: 'KAFKA' }, columns({ K: type }), {
      side: 'key',
      topic: 't',
    }).serialize([value])!
  expect(bytes(SqlTypes.INTEGER, -2)).toEqual(Uint8Array.of(255, 255, 255, 254))
  expect(bytes(SqlTypes.BIGINT, 258)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2))
  expect(bytes(SqlTypes.STRING, 'é')).toEqual(Uint8Array.of(0xc3, 0xa9))
  expect(() => read({ format: 'KAFKA' }, { A: SqlTypes.BIGINT }, 'abc')).toThrow(
    /BIGINT takes 8 bytes, there are 3/,
  )
  expect(() => read({ format: 'KAFKA' }, { A: SqlTypes.BOOLEAN }, '')).toThrow(/does not support/)
})

test('DELIMITED quotes where needed and reads empty as null', () => {
  const types = { A: SqlTypes.STRING, B: SqlTypes.INTEGER, C: SqlTypes.STRING }
  const csv: FormatSpec = { format: 'DELIMITED' }
  expect(write(csv, types, ['a,"b"', null, 'x'])).toBe('"a,""b""",,x')
  expect(read(csv, types, '"a,""b""",,x\n')).toEqual(['a,"b"', null, 'x'])
  expect(read({ format: 'DELIMITED', delimiter: 'TAB' }, types, 'a\t1\t')).toEqual(['a', 1, null])
  expect(() => read(csv, types, 'a,1')).toThrow(/3 columns and 2 fields/)
  expect(() => read(csv, types, 'a,b,c')).toThrow(/field "B": "b" cannot be read as INTEGER/)
  expect(write(csv, { A: SqlTypes.STRING }, [null])).toBe('')
  expect(read(csv, { A: SqlTypes.STRING }, '')).toEqual([null])
})

test('formats with schemas need a registry and registration before writing', async () => {
  const types = columns({ A: SqlTypes.INTEGER })
  expect(() => createRowSerde({ format: 'AVRO' }, types, { side: 'value', topic: 't' })).toThrow(
    /needs a schema registry/,
  )
  const registry = new InMemorySchemaRegistry()
  const serde = createRowSerde({ format: 'AVRO' }, types, { side: 'value', topic: 't', registry })
  expect(() => serde.serialize([1])).toThrow(/not registered/)
  await serde.ensureRegistered()
  expect(serde.serialize([1])).toEqual(Uint8Array.of(0, 0, 0, 0, 1, 2, 2))
  const reader = createRowSerde({ format: 'AVRO' }, types, { side: 'value', topic: 't', registry })
  const bytes = serde.serialize([1])
  expect(() => reader.deserialize(bytes)).toThrow(/schema 1 is not loaded/)
  await reader.prepare(bytes!)
  expect(reader.deserialize(bytes)).toEqual([1])
  await expect(reader.prepare(Uint8Array.of(0, 0, 0, 0, 9))).rejects.toThrow(/no schema 9/)
})
