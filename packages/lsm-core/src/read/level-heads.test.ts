import { bytewiseComparator, encodeInternalKey, ValueType } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { LevelHeads } from './level-heads.ts'

/** Few bytes, so that keys agree in long beginnings, and zeros, which also stand for what is behind an end. */
const keys = fc
  .tuple(
    fc.uint8Array({ max: 2, maxLength: 6 }),
    fc.array(fc.uint8Array({ max: 3, maxLength: 12 }), { minLength: 1, maxLength: 40 }),
  )
  .map(([prefix, all]) => all.map((key) => new Uint8Array([...prefix, ...key])))

test('heads of a level name the table of a key, or say that they do not tell', () => {
  let told = 0
  fc.assert(
    fc.property(keys, keys, (stored, asked) => {
      const sorted = stored.toSorted(bytewiseComparator.compare)
      const files = sorted.map(
        (key, i) => ({ largest: encodeInternalKey(key, i, ValueType.Value) }) as FileMetadata,
      )
      const heads = new LevelHeads(files)
      for (const key of [...asked, ...sorted]) {
        const place = sorted.findIndex((each) => bytewiseComparator.compare(each, key) >= 0)
        const found = heads.find(key)
        if (found < 0) continue
        told++
        expect(found).toBe(place < 0 ? sorted.length : place)
      }
    }),
    { numRuns: 300 },
  )
  expect(told).toBeGreaterThan(300)
})
