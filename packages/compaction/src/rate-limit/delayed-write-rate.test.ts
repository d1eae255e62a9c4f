import { describe, expect, test } from 'vitest'

import { DelayedWriteRate } from './delayed-write-rate.ts'

const calm = { pendingCompactionBytes: 1000, nearStop: false }

describe('DelayedWriteRate', () => {
  test('starts at the rate asked for, falls while the debt grows, rises as it is paid', () => {
    const rate = new DelayedWriteRate({ maxBytesPerSecond: 1_000_000 })
    rate.adjust(calm)
    expect(rate.bytesPerSecond).toBe(1_000_000)
    rate.adjust({ ...calm, pendingCompactionBytes: 2000 })
    expect(rate.bytesPerSecond).toBe(800_000)
    rate.adjust({ ...calm, pendingCompactionBytes: 2000 })
    expect(rate.bytesPerSecond).toBe(640_000)
    rate.adjust({ ...calm, pendingCompactionBytes: 500 })
    expect(rate.bytesPerSecond).toBe(800_000)
    rate.adjust({ ...calm, pendingCompactionBytes: 400 })
    rate.adjust({ ...calm, pendingCompactionBytes: 300 })
    expect(rate.bytesPerSecond).toBe(1_000_000)
  })

  test('falls faster near the stop, and never below 16 KiB', () => {
    const rate = new DelayedWriteRate({ maxBytesPerSecond: 1_000_000 })
    rate.adjust({ ...calm, nearStop: true })
    expect(rate.bytesPerSecond).toBe(600_000)
    for (let i = 0; i < 50; i++) rate.adjust({ ...calm, nearStop: true })
    expect(rate.bytesPerSecond).toBe(16 * 1024)
  })

  test('comes back somewhat faster the next time', () => {
    const rate = new DelayedWriteRate({ maxBytesPerSecond: 1_000_000 })
    rate.adjust(calm)
    rate.adjust({ ...calm, pendingCompactionBytes: 5000 })
    rate.adjust({ ...calm, pendingCompactionBytes: 5000 })
    rate.recover()
    expect(rate.bytesPerSecond).toBe(896_000)
    rate.recover()
    expect(rate.bytesPerSecond).toBe(896_000)
  })
})
