import { expect, test } from 'vitest'

import { BsonBinary } from './bson-binary.ts'
import { BsonCode, BsonMarker, BsonRegex, BsonTimestamp, ObjectId } from './values.ts'
import { formatValue, parseValue } from './value-text.ts'
import * as v from './values.ts'

const struct = v.createStruct()
struct['__proto__'] = 1
struct['b'] = [1n, null, 'x', true]

test.each<readonly [string, v.ColumnValue]>([
  ['null', null],
  ['a number', -1.5],
  ['negative zero', -0],
  ['infinity', -Infinity],
  ['not a number', NaN],
  ['a big integer', 2n ** 70n],
  ['text like a tag', 'int64'],
  ['bytes', new Uint8Array([0, 255])],
  ['no value', v.UNAVAILABLE],
  ['a decimal', new v.ExactDecimal(-1230n, 3)],
  ['a decimal that is none', new v.NonFiniteDecimal('NaN')],
  ['a date', new v.PlainDate(-5)],
  ['a time', new v.PlainTime(-86400000000001n)],
  ['a date-time', new v.PlainDateTime(-1n)],
  ['an instant', new v.Instant(5n, '+02:00', 7200)],
  ['a zoned time', new v.ZonedTime('01:02:03+01:00')],
  ['an interval', new v.Interval('P1Y')],
  ['a duration', new v.Duration('ns', 12n)],
  ['an infinite time', new v.InfiniteTime(true)],
  ['bits', new v.BitString('0101', null)],
  ['JSON', new v.JsonText('{"a" : 1}')],
  ['a point', new v.Point(1, -0, null, 4326)],
  ['a geometry', new v.Geometry(new Uint8Array([1]), null, new Map([['type', 'x']]))],
  ['a geography', new v.Geometry(new Uint8Array([1]), 4326)],
  ['a circle', new v.Circle(new v.Point(1, 2, new Uint8Array(), null), Infinity)],
  ['a line', new v.Line(1, 2, 3)],
  ['a vector', new v.Vector([1, NaN])],
  ['a sparse vector', new v.SparseVector(9, new Map([[3, 1.5]]))],
  ['an object id', new ObjectId('5d7e6d1f1a2b3c4d5e6f7a8b')],
  ['a BSON timestamp', new BsonTimestamp(1, 2)],
  ['a regular expression', new BsonRegex('a', 'i')],
  ['code', new BsonCode('x')],
  ['a marker', new BsonMarker('minKey')],
  [
    'a map',
    new Map<v.ColumnValue, v.ColumnValue>([
      [1n, null],
      ['a', [2]],
    ]),
  ],
  ['a struct', struct],
])('%s is read from its text', (_, value) => {
  const again = parseValue(formatValue(value))
  expect(again).toEqual(value)
  expect(formatValue(again)).toBe(formatValue(value))
})

test('other text is refused', () => {
  expect(() => parseValue('["odd"]')).toThrow(TypeError)
})

test('binary data of documents keeps its subtype', () => {
  const binary = new BsonBinary(Uint8Array.of(1, 2), 4)
  const back = parseValue(formatValue(binary))
  expect(back).toEqual(binary)
  expect(binary.subarray(1)).toEqual(Uint8Array.of(2))
})
