import { InvalidOptionError } from '@varve/base'
import { VirtualClock } from '@varve/base/testing'
import { describe, expect, test } from 'vitest'

import { RateLimiter } from './rate-limiter.ts'

/** Lets promises settle without time going on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

describe('RateLimiter', () => {
  test('grants a burst at once and the rest period by period', async () => {
    const clock = new VirtualClock(1_000_000)
    const limiter = RateLimiter.create({ bytesPerSecond: 1000, refillPeriodMs: 100 }, clock)
    expect(limiter.burstBytes).toBe(100)
    let done = false
    const request = limiter.request(250, 'low').then(() => {
      done = true
    })
    await settle()
    expect(limiter.totalBytesThrough('low')).toBe(100)
    await clock.advance(100)
    expect(limiter.totalBytesThrough('low')).toBe(200)
    expect(done).toBe(false)
    await clock.advance(100)
    expect(done).toBe(true)
    await request
    expect(limiter.totalBytesThrough('low')).toBe(250)
  })

  test('is filled, not heaped: idle periods give nothing more', async () => {
    const clock = new VirtualClock(0)
    const limiter = RateLimiter.create({ bytesPerSecond: 1000 }, clock)
    await clock.advance(10_000)
    let done = false
    const request = limiter.request(101, 'high').then(() => {
      done = true
    })
    await settle()
    expect(done).toBe(false)
    await clock.advance(100)
    await request
    expect(done).toBe(true)
  })

  test('serves flushes first, and compactions once in a while', async () => {
    const clock = new VirtualClock(0)
    const limiter = RateLimiter.create({ bytesPerSecond: 1000, fairness: 5 }, clock)
    await limiter.request(100, 'low')
    const low = limiter.request(150, 'low')
    const high = limiter.request(100_000, 'high')
    await settle()
    for (let period = 0; period < 20; period++) await clock.advance(100)
    // 20 periods of 100 bytes: compactions have had theirs in those that are divisible by 5.
    expect(limiter.totalBytesThrough('low')).toBe(250)
    expect(limiter.totalBytesThrough('high')).toBe(2000 - 150)
    const stop = new AbortController()
    const given = limiter.request(1e6, 'low', stop.signal)
    stop.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    limiter.setBytesPerSecond(1e7)
    await clock.advance(1000)
    await Promise.all([low, high])
  })

  test('is one limiter in every thread that has its memory', async () => {
    const clock = new VirtualClock(0)
    const limiter = RateLimiter.create({ bytesPerSecond: 1000 }, clock)
    const same = RateLimiter.attach(limiter.shared, clock)
    await same.request(60, 'high')
    let done = false
    const request = limiter.request(60, 'high').then(() => {
      done = true
    })
    await settle()
    expect(done).toBe(false)
    expect(limiter.totalBytesThrough('high')).toBe(100)
    await clock.advance(100)
    await request
    same.setBytesPerSecond(5000)
    expect(limiter.bytesPerSecond).toBe(5000)
  })

  test('refuses what is no rate', () => {
    expect(() => RateLimiter.create({ bytesPerSecond: 0 })).toThrow(InvalidOptionError)
    expect(() => RateLimiter.create({ bytesPerSecond: 1, fairness: 0 })).toThrow('fairness')
    expect(() => RateLimiter.create({ bytesPerSecond: 1, refillPeriodMs: 0 })).toThrow(
      'refillPeriodMs',
    )
  })
})
