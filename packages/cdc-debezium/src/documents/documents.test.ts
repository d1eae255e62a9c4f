import { expect, test } from 'vitest'

import {
  BsonMarker,
  BsonRegex,
  BsonTimestamp,
  ExactDecimal,
  Instant,
  NonFiniteDecimal,
  ObjectId,
  type StructValue,
} from '../values/values.ts'
import { applyDocumentUpdate } from './apply-update.ts'
import { BsonBinary } from '../values/bson-binary.ts'
import { parseExtendedJson } from './extended-json.ts'

const read = (text: string): unknown => parseExtendedJson(text, 'after')

test('legacy, canonical and relaxed forms of a value are the same value', () => {
  const moment = new Instant(1_577_836_800_000_000_000n)
  expect(read('{"$date":1577836800000}')).toEqual(moment)
  expect(read('{"$date":{"$numberLong":"1577836800000"}}')).toEqual(moment)
  expect(read('{"$date":"2020-01-01T00:00:00Z"}')).toEqual(moment)
  const bytes = new BsonBinary(new Uint8Array([1, 2, 3]), 0)
  expect(read('{"$binary":"AQID","$type":"00"}')).toEqual(bytes)
  expect(read('{"$binary":{"base64":"AQID","subType":"00"}}')).toEqual(bytes)
  expect(read('{"$binary":{"base64":"AQID","subType":"80"}}')).toMatchObject({ subtype: 128 })
  expect(read('{"$binary":"AQID","$type":3}')).toMatchObject({ subtype: 3 })
  expect(() => read('{"$binary":"AQID","$type":"x"}')).toThrow(/subtype/)
  expect(read('{"$regex":"^a","$options":"i"}')).toEqual(new BsonRegex('^a', 'i'))
  expect(read('{"$regularExpression":{"pattern":"^a","options":"i"}}')).toEqual(
    new BsonRegex('^a', 'i'),
  )
})

test('numbers keep their digits', () => {
  expect(read('{"$numberLong":"9223372036854775807"}')).toBe(9223372036854775807n)
  expect(read('9007199254740993')).toBe(9007199254740993n)
  expect(read('{"$numberInt":"-1"}')).toBe(-1)
  expect(read('{"$numberDouble":"NaN"}')).toBeNaN()
  expect(read('{"$numberDecimal":"1.10"}')).toEqual(new ExactDecimal(110n, 2))
  expect(read('{"$numberDecimal":"-Infinity"}')).toEqual(new NonFiniteDecimal('-Infinity'))
})

test('other wrappers are values of their own', () => {
  expect(read('{"$oid":"5D7E6D1F1A2B3C4D5E6F7A8B"}')).toEqual(
    new ObjectId('5d7e6d1f1a2b3c4d5e6f7a8b'),
  )
  expect(read('{"$timestamp":{"t":5,"i":1}}')).toEqual(new BsonTimestamp(5, 1))
  expect(read('[{"$minKey":1},{"$undefined":true}]')).toEqual([
    new BsonMarker('minKey'),
    new BsonMarker('undefined'),
  ])
})

test('documents may have members that look like wrappers, or like a prototype', () => {
  const document = read('{"$oid":1,"other":2,"__proto__":{"x":1}}') as StructValue
  expect(Object.keys(document)).toEqual(['$oid', 'other', '__proto__'])
  expect(Object.getPrototypeOf(document)).toBeNull()
})

test('a wrapper around something else is refused with its path', () => {
  expect(() => read('{"a":[{"$oid":"x"}]}')).toThrow(/"after\.a\[0\]\.\$oid": no object id/)
  expect(() => read('{"$numberLong":"9223372036854775808"}')).toThrow(/no integer of 64 bits/)
  expect(() => read('{')).toThrow(/no extended JSON/)
})

const struct = (text: string): StructValue => read(text) as StructValue

test('an update sets paths, unsets fields and cuts arrays, and leaves its arguments alone', () => {
  const stored = struct('{"_id":1,"a":{"b":1,"c":2},"list":[1,2,3],"deep":[{"x":1}]}')
  const before = JSON.stringify(stored)
  const next = applyDocumentUpdate(stored, {
    updatedFields: struct('{"new.path":1,"deep.0.x":2,"list.4":5,"__proto__.y":1}'),
    removedFields: ['a.b', 'none.at.all', 'list.0'],
    truncatedArrays: [{ field: 'list', size: 2 }],
  })
  expect(JSON.stringify(next)).toBe(
    '{"_id":1,"a":{"c":2},"list":[null,2],"deep":[{"x":2}],"new":{"path":1},"__proto__":{"y":1}}',
  )
  expect(JSON.stringify(stored)).toBe(before)
  expect(Object.hasOwn(Object.prototype, 'y')).toBe(false)
})

test('an update cannot make endless arrays or documents', () => {
  const update = {
    updatedFields: struct('{"l.99999999":1}'),
    removedFields: [],
    truncatedArrays: [],
  }
  expect(() => applyDocumentUpdate(struct('{"l":[]}'), update)).toThrow(RangeError)
  const deep = struct(`{"${Array(300).fill('a').join('.')}":1}`)
  expect(() => applyDocumentUpdate(struct('{}'), { ...update, updatedFields: deep })).toThrow(
    RangeError,
  )
})
