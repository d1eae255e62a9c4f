import { sharedFixture } from '@varve/base/testing'
import { expect, test } from 'vitest'

import { fuzz } from './fuzz.ts'
import { caseSeeds, writtenSeeds } from './seeds.ts'

/** `npm run check:debezium -- --fuzz 1000000` is the full size. */
const records = 20_000

test('changed records are answered or refused by a typed error', { timeout: 120_000 }, async () => {
  const directory = sharedFixture('fixtures/debezium')
  const seeds = [
    ...(await writtenSeeds()),
    ...(directory === undefined ? [] : await caseSeeds(directory)),
  ]
  const { answered, refused, failures } = await fuzz(seeds, records, 1)
  expect(failures).toEqual([])
  expect(answered + refused).toBe(records)
  expect(Math.min(answered, refused)).toBeGreaterThan(records / 20)
})
