import { decimalFromBytes } from '@varve/serde'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { integerOfBase64 } from './small-base64.ts'

test('short base64 is the number that its bytes are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 6 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      expect(BigInt(integerOfBase64(text)!)).toBe(decimalFromBytes(bytes))
    }),
  )
})

test('bits beyond the last byte count for nothing, as for any reader of base64', () => {
  expect(integerOfBase64('AR==')).toBe(1)
  expect(integerOfBase64('AAF=')).toBe(1)
})

test('text of another form is left to others', () => {
  for (const text of [
    '',
    'AQ',
    'AQ=',
    'A===',
    '====',
    'A=A=',
    'A-B_',
    'AAAAAAAAAAAA',
    'Aé==',
    'AQ=A',
  ])
    expect(integerOfBase64(text)).toBeUndefined()
})
