import { describe, expect, test } from 'vitest'

import { expiredSegmentCount } from './retention.ts'

const segments = [100, 200, 300, 400].map((newestMs) => ({ sizeBytes: 10, newestMs }))
const keep = { retentionMs: -1, retentionBytes: -1 }

describe('retention', () => {
  test('-1 keeps everything', () => {
    expect(expiredSegmentCount(segments, keep, 1e15)).toBe(0)
  })

  test('segments go whose newest record is older than the time, from the oldest on', () => {
    const config = { ...keep, retentionMs: 100 }
    expect(expiredSegmentCount(segments, config, 200)).toBe(0)
    expect(expiredSegmentCount(segments, config, 201)).toBe(1)
    expect(expiredSegmentCount(segments, config, 450)).toBe(3)
    expect(expiredSegmentCount(segments, config, 501)).toBe(4)
  })

  test('a young segment keeps older records behind it', () => {
    const mixed = [{ sizeBytes: 10, newestMs: 900 }, ...segments]
    expect(expiredSegmentCount(mixed, { ...keep, retentionMs: 100 }, 950)).toBe(0)
  })

  test('segments go while the rest still has the bytes', () => {
    expect(expiredSegmentCount(segments, { ...keep, retentionBytes: 30 }, 0)).toBe(1)
    expect(expiredSegmentCount(segments, { ...keep, retentionBytes: 29 }, 0)).toBe(1)
    expect(expiredSegmentCount(segments, { ...keep, retentionBytes: 20 }, 0)).toBe(2)
    expect(expiredSegmentCount(segments, { ...keep, retentionBytes: 40 }, 0)).toBe(0)
  })

  test('an empty active segment is not rolled again and again', () => {
    expect(
      expiredSegmentCount([{ sizeBytes: 0, newestMs: 0 }], { ...keep, retentionMs: 1 }, 1e9),
    ).toBe(0)
  })
})
