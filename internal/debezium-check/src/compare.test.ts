import { expect, test } from 'vitest'

import { difference } from './compare.ts'

test('only what is expected is looked at, but rows are exact', () => {
  expect(difference({ kind: 'row', op: 'c' }, { kind: 'row' })).toBeUndefined()
  expect(difference({ after: { a: 1, b: 2 } }, { after: { a: 1 } })).toMatch(
    /unexpected member "b"/,
  )
  expect(difference({ after: { a: 1 } }, { after: { a: 1, b: null } })).toMatch(/no member "b"/)
  expect(difference({ position: { a: 1, b: 2 } }, { position: { a: 1 } })).toBeUndefined()
})

test('null expects null or nothing', () => {
  expect(difference({}, { before: null })).toBeUndefined()
  expect(difference({ before: {} }, { before: null })).toMatch(/^before: expected null/)
})

test('times are compared by their numbers and kinds', () => {
  const expected = { after: { t: { $timestamp: '2020', ns: '5' } } }
  expect(difference({ after: { t: { $timestamp: 'x', ns: '5' } } }, expected)).toBeUndefined()
  expect(difference({ after: { t: { $instant: 'x', ns: '5' } } }, expected)).toMatch(/expected/)
})
