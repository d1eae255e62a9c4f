import {
  encodeInternalKey,
  InternalKeyComparator,
  utf8Bytes,
  valueTypeForSeek,
  type Comparator,
} from '@varve/base'
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'

import { BlockBuilder } from './block-builder.ts'
import { BlockCursor } from './block-cursor.ts'
import { Block } from './block.ts'

/** Bytes that trailers have too, so that shared prefixes run from keys into trailers. */
const userKey = fc.array(fc.constantFrom(0, 1, 2, 255), { maxLength: 5 })
const version = fc.record({
  key: fc.oneof(
    userKey.map((bytes) => Uint8Array.from(bytes)),
    fc.integer({ min: 0, max: 300 }).map((n) => utf8Bytes(`a common prefix ${n}`)),
  ),
  sequence: fc.oneof(fc.nat(3), fc.constantFrom(256, 257, 65536)),
  type: fc.constantFrom(0, 1, 2),
})

describe('BlockCursor', () => {
  test.prop([
    fc.array(version, { minLength: 1, maxLength: 120 }),
    fc.array(version, { minLength: 1, maxLength: 20 }),
    fc.constantFrom(1, 2, 16),
    fc.constantFrom(0, 130, 300),
  ])(
    'seeks to the first key at or after the target, among versions and keys that begin other keys',
    (versions, targets, restartInterval, valueBytes) => {
      const order = new InternalKeyComparator()
      const keys = versions
        .map(({ key, sequence, type }) => encodeInternalKey(key, sequence, type))
        .sort((a, b) => order.compare(a, b))
        .filter((key, i, all) => i === 0 || order.compare(all[i - 1]!, key) !== 0)
      const builder = new BlockBuilder(restartInterval)
      for (const [i, key] of keys.entries()) builder.add(key, new Uint8Array(valueBytes).fill(i))
      const bytes = new Uint8Array(builder.finish())
      // One that has been sought in often enough is searched by samples.
      const block = new Block(bytes, 'test', 0)
      for (let i = 0; i < 20; i++) block.seekSamples()
      const cursor = new BlockCursor(order)
      const byInterface = new BlockCursor(
        new InternalKeyComparator({ ...order.user } as Comparator),
      )
      for (const { key, sequence } of [...targets, ...versions]) {
        const target = encodeInternalKey(key, sequence, valueTypeForSeek)
        const expected = keys.findIndex((candidate) => order.compare(candidate, target) >= 0)
        for (const [each, isFresh] of [
          [cursor, false],
          [cursor, true],
          [byInterface, false],
        ] as const) {
          each.setBlock(isFresh ? new Block(bytes, 'test', 0) : block)
          each.seek(target)
          expect(each.valid).toBe(expected >= 0)
          for (let i = expected; i >= 0 && i < Math.min(keys.length, expected + 3); i++) {
            expect(new Uint8Array(each.key)).toEqual(keys[i])
            expect(each.value).toEqual(new Uint8Array(valueBytes).fill(i))
            each.next()
          }
          if (expected > 0) {
            each.seek(target)
            each.prev()
            expect(new Uint8Array(each.key)).toEqual(keys[expected - 1])
          }
        }
      }
    },
  )

  test('makes no samples of keys that do not ascend', () => {
    const builder = new BlockBuilder(1)
    for (const key of ['b', 'a'])
      builder.add(encodeInternalKey(utf8Bytes(key), 1, 1), new Uint8Array(200))
    const block = new Block(new Uint8Array(builder.finish()), 'test', 0)
    for (let i = 0; i < 20; i++) expect(block.seekSamples()).toBeUndefined()
  })

  test('takes samples a cache line and a half apart at least', () => {
    const builder = new BlockBuilder(16)
    for (let i = 100; i < 400; i++)
      builder.add(encodeInternalKey(utf8Bytes(`k${i}`), 1, 1), utf8Bytes('v'))
    const block = new Block(new Uint8Array(builder.finish()), 'test', 0)
    for (let i = 0; i < 20; i++) block.seekSamples()
    const numbers = block.seekSamples()!
    expect(numbers[0]! % 2).toBe(0)
    expect(numbers.length).toBeGreaterThan(10)
    expect(block.data.length + numbers.length * 8).toBeLessThanOrEqual(block.sizeBytes + 8)
  })
})
