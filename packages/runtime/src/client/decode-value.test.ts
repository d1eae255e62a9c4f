import { parseSqlType, type SqlType, type Value } from '@varve/serde'
import { expect, test } from 'vitest'

import { valueToJson } from '../result/json-text.ts'
import { decodeValue, parseWireJson } from './decode-value.ts'
import { parseTypeText } from './type-text.ts'

test.each<[string, Value]>([
  ['BIGINT', 9223372036854775807n],
  ['BIGINT', 5],
  ['INTEGER', -3],
  ['DOUBLE', 1e21],
  ['DECIMAL(10, 3)', { unscaled: -1500n, scale: 3 }],
  ['STRING', 'a"b\n한'],
  ['BYTES', Uint8Array.of(0, 255)],
  ['TIMESTAMP', 1_710_928_800_001],
  ['DATE', 19_802],
  ['TIME', 48_300_000],
  ['TIME', 48_301_005],
  ['ARRAY<BIGINT>', [1, null, 2n ** 60n]],
  ['MAP<STRING, DECIMAL(4, 1)>', new Map([['k', { unscaled: 15n, scale: 1 }]])],
])('%s crosses the wire as it is', (text, value) => {
  const type: SqlType = parseSqlType(text)
  expect(decodeValue(parseWireJson(valueToJson(type, value)), parseTypeText(text))).toEqual(value)
})

test('structs come as objects, with any field name', () => {
  const text = 'STRUCT<`A``B` INTEGER, `__proto__` ARRAY<STRING>>'
  const decoded = decodeValue(
    parseWireJson(valueToJson(parseSqlType(text), [1, ['x']])),
    parseTypeText(text),
  )
  expect(Object.entries(decoded as object)).toEqual([
    ['A`B', 1],
    ['__proto__', ['x']],
  ])
})

test('a type that is not understood is named', () => {
  expect(() => parseTypeText('ARRAY<')).toThrow(SyntaxError)
  expect(() => parseTypeText('INTEGER junk')).toThrow('INTEGER junk')
})
