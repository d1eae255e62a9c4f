import { JsonNumber, parseLosslessJson } from '@varve/serde'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isObject, type Raw } from '../connect/raw.ts'
import { JsonReader } from './json-reader.ts'

/** Comparable: objects as lists of pairs, numbers as text. */
function plain(raw: Raw): unknown {
  if (raw instanceof JsonNumber) return { number: raw.text }
  if (typeof raw === 'number') return { number: String(raw) }
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
        expect(plain(reader.read(text)!)).toEqual(plain(parseLosslessJson(text)))
      }
    }),
    { numRuns: 500 },
  )
})

test('numbers of more than 15 digits, fractions and the negative zero keep their text', () => {
  const reader = new JsonReader()
  const texts = ['9223372036854775807', '1.10', '-0', '1E3', '-0.0', '1234567890123456']
  for (const text of texts) expect(reader.read(text)).toEqual(new JsonNumber(text))
  expect(reader.read('-999999999999999')).toBe(-999_999_999_999_999)
  expect(reader.read('0')).toBe(0)
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
  '['.repeat(100) + ']'.repeat(100),
])('%s is left to the parser that reads everything', (text) => {
  const reader = new JsonReader()
  reader.read('{"a":1}')
  expect(reader.read(text)).toBeUndefined()
})
