import { JsonNumber, parseLosslessJson } from '@varve/serde'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isObject, type Raw } from '../connect/raw.ts'
import { JsonReader } from './json-reader.ts'

const encoder = new TextEncoder()
/** In the middle of other bytes. */
const read = (reader: JsonReader, text: string): Raw | undefined =>
  reader.read(encoder.encode(`1${text}2`).subarray(1, -1))

/** Comparable: objects as lists of pairs, numbers as text. */
function plain(raw: Raw): unknown {
  if (raw instanceof JsonNumber) return { number: raw.text }
  if (typeof raw === 'number' || typeof raw === 'bigint') return { number: String(raw) }
  if (Array.isArray(raw)) return (raw as readonly Raw[]).map(plain)
  if (isObject(raw)) return { members: [...raw].map(([name, value]) => [name, plain(value)]) }
  return raw
}

test('documents read one after the other are what a plain parser reads', () => {
  const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'with "quotes"', 'ü', '')
  const leaf = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 5, noNullPrototype: true }),
    ),
  }))
  const reader = new JsonReader()
  fc.assert(
    fc.property(fc.array(tree, { minLength: 1, maxLength: 8 }), (documents) => {
      for (const document of documents) {
        const text = JSON.stringify(document)
        expect(plain(read(reader, text)!)).toEqual(plain(parseLosslessJson(text)))
      }
    }),
    { numRuns: 500 },
  )
})

test('whole numbers lose no digits; very long ones, fractions and the negative zero keep their text', () => {
  const reader = new JsonReader()
  const texts = ['10000000000000000000', '1.10', '-0', '1E3', '-0.0', '1e-7', '-12.5E+3']
  for (const text of texts) expect(read(reader, text)).toEqual(new JsonNumber(text))
  expect(read(reader, '9223372036854775807')).toBe(9_223_372_036_854_775_807n)
  expect(read(reader, '-9223372036854775808')).toBe(-9_223_372_036_854_775_808n)
  expect(read(reader, '9007199254740992')).toBe(9_007_199_254_740_992n)
  expect(read(reader, '9007199254740993')).toBe(9_007_199_254_740_993n)
  expect(read(reader, '9007199254740991')).toBe(9_007_199_254_740_991)
  expect(read(reader, '-999999999999999')).toBe(-999_999_999_999_999)
  expect(read(reader, '0')).toBe(0)
})

test('members that kept their value for long and then change are what they changed to', () => {
  const reader = new JsonReader()
  const values = [null, null, null, 'abc', 'abc', 'abc', 'abcd', 'ab', 'abc', true, true, 1, true]
  const long = 'x'.repeat(100)
  for (let round = 0; round < 3; round++)
    for (const value of [...values, long, long, `${long}\n`, [null], { a: null }]) {
      const text = JSON.stringify({ a: value, b: [{ a: value }] })
      expect(plain(read(reader, text)!)).toEqual(plain(parseLosslessJson(text)))
    }
})

test('a document that is cut off does not disturb those after it', () => {
  const text = '{"a":"b","c":[1,{"a":"b","d":null}]}'
  for (let length = 1; length < text.length; length++) {
    const reader = new JsonReader()
    read(reader, text)
    expect(read(reader, text.slice(0, length))).toBeUndefined()
    expect(plain(read(reader, text)!)).toEqual(plain(parseLosslessJson(text)))
  }
})

test.each([
  '{"a":1}x',
  '{"a":1',
  '{"a" :1}',
  '{"a":1,"a":2}',
  '{"a":1,}',
  '[1,]',
  '01',
  '1.',
  '"\\x"',
  '"a',
  '{"a":"\u0001"}',
  'nul',
  '',
  '-',
  '1e',
  '1e+',
  '.5',
  '-01',
  `"${'x'.repeat(100)}\u0001"`,
  '['.repeat(100) + ']'.repeat(100),
])('%s is left to the parser that reads everything', (text) => {
  const reader = new JsonReader()
  read(reader, '{"a":1}')
  expect(read(reader, text)).toBeUndefined()
})
