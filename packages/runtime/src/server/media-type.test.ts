import { expect, test } from 'vitest'

import { MediaType, negotiate } from './media-type.ts'

const offered = [MediaType.delimited, MediaType.json] as const

test('without a wish the first offer wins', () => {
  expect(negotiate(undefined, [...offered])).toBe(MediaType.delimited)
  expect(negotiate('*/*', [...offered])).toBe(MediaType.delimited)
})

test('weights decide, the most specific range counts', () => {
  expect(negotiate('application/json', [...offered])).toBe(MediaType.json)
  expect(negotiate('application/*;q=0.5, application/json;q=0.9', [...offered])).toBe(
    MediaType.json,
  )
  expect(
    negotiate('application/json;q=0.1, application/vnd.ksqlapi.delimited.v1;q=0.2', [...offered]),
  ).toBe(MediaType.delimited)
})

test('nothing acceptable is 406', () => {
  expect(() => negotiate('text/html', [...offered])).toThrow(
    expect.objectContaining({ status: 406 }),
  )
  expect(() => negotiate('application/json;q=0', [MediaType.json])).toThrow()
})
