import { expect, test } from 'vitest'

import { RetryBackoff } from './retry-backoff.ts'

test('the delay doubles from 15 seconds to a quarter of an hour and starts over after a success', () => {
  const backoff = new RetryBackoff()
  const delays = Array.from({ length: 8 }, () => backoff.nextDelayMs() / 1000)
  expect(delays).toEqual([15, 30, 60, 120, 240, 480, 900, 900])
  backoff.reset()
  expect(backoff.nextDelayMs()).toBe(15_000)
})
