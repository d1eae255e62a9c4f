import type { Value } from '@varve/serde'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { valuesEqual } from '../expression/compare-values.ts'
import { valueIdentity } from '../expression/value-identity.ts'
import { bytesToEncoded, encodedToBytes } from './bytes/encoding.ts'
import { cachedRegExp } from './regexp/java-regexp.ts'
import { decodeForm, encodeForm, parseUri } from './url/parse-uri.ts'

describe('encodings', () => {
  test.each(['hex', 'base64'])('every text of bytes in %s gives the bytes back', (encoding) => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encodedToBytes(bytesToEncoded(bytes, encoding), encoding)).toEqual(bytes)
      }),
    )
  })

  test('every text in utf8 comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(bytesToEncoded(encodedToBytes(text, 'utf8'), 'UTF8')).toBe(text)
      }),
    )
  })

  test('every form value comes back, and makes a query parameter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = encodeForm(text)
        expect(decodeForm(encoded)).toBe(text)
        expect(parseUri(`http://h/?a=${encoded}`).host).toBe('h')
      }),
    )
  })
})

/** Whether two values can be of one type: both composite in the same way, or neither, at every level. */
function sameShape(a: Value, b: Value): boolean {
  if (a === null || b === null) return true
  if (typeof a !== 'object' || typeof b !== 'object')
    return typeof a !== 'object' && typeof b !== 'object'
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.every((item: Value) =>
      (b as readonly Value[]).every((other) => sameShape(item, other)),
    )
  }
  if (a instanceof Map && b instanceof Map) {
    return [...(a.values() as Iterable<Value>)].every((item) =>
      [...(b.values() as Iterable<Value>)].every((other) => sameShape(item, other)),
    )
  }
  return !Array.isArray(a) && !Array.isArray(b) && !(a instanceof Map) && !(b instanceof Map)
}

test('identities are the same exactly for equal values', () => {
  const { value } = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<Value>(null, 0, 1, NaN, 'a', '', 'null', true),
      fc.record({ unscaled: fc.bigInt({ min: -20n, max: 20n }), scale: fc.nat(2) }),
      fc.array(tie('value'), { maxLength: 2 }),
      fc
        .array(fc.tuple(fc.constantFrom('a', 'b'), tie('value')), { maxLength: 2 })
        .map((entries) => new Map(entries)),
    ),
  }))
  fc.assert(
    fc.property(value, value, (a, b) => {
      // Sets of identities are of values of one type.
      fc.pre(sameShape(a, b))
      expect(new Set([valueIdentity(a), valueIdentity(b)]).size === 1).toBe(valuesEqual(a, b))
    }),
    { numRuns: 1000 },
  )
})

describe('regular expressions of Java', () => {
  const compiled = cachedRegExp()

  test('a quoted text matches itself alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        fc.pre(!text.includes('\\E') && text !== other)
        const pattern = `\\A\\Q${text}\\E\\z`
        expect(compiled(pattern).test(text)).toBe(true)
        expect(compiled(pattern).test(other)).toBe(false)
      }),
    )
  })

  test.each(['(?>a)', 'a*+', '[a-z&&[b]]', 'a(?i)b', '[a[b]]'])('%s is refused by name', (text) => {
    expect(() => compiled(text)).toThrow(/regular expression/)
  })
})
