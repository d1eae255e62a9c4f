import {
  bytewiseComparator,
  encodeInternalKey,
  InternalKeyComparator,
  ValueType,
  valueTypeForSeek,
} from '@varve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { IndexEntries } from './index-block.ts'
import { searchIndex } from './index-search.ts'

const comparator = new InternalKeyComparator(bytewiseComparator)

/** Few bytes, so that separators agree in long beginnings, and zeros, which also stand for what is behind an end. */
const userKeys = fc
  .tuple(
    fc.uint8Array({ max: 2, maxLength: 6 }),
    fc.array(fc.uint8Array({ max: 3, maxLength: 12 }), { minLength: 1, maxLength: 200 }),
  )
  .map(([prefix, keys]) => keys.map((key) => new Uint8Array([...prefix, ...key])))

function entriesOf(keys: readonly Uint8Array[]): IndexEntries {
  const ends: number[] = []
  let end = 0
  for (const key of keys) ends.push((end += key.length))
  const all = new Uint8Array(end)
  for (const [i, key] of keys.entries()) all.set(key, ends[i]! - key.length)
  return new IndexEntries(
    all,
    Uint32Array.from(ends),
    Float64Array.from(keys.keys()),
    new Uint32Array(keys.length).fill(1),
  )
}

test('an index search finds the first separator at or after any key', () => {
  fc.assert(
    fc.property(userKeys, userKeys, (stored, asked) => {
      const sorted = stored
        .toSorted(bytewiseComparator.compare)
        .filter((key, i, all) => i === 0 || bytewiseComparator.compare(all[i - 1]!, key) !== 0)
      const internal = sorted.map((key, i) => encodeInternalKey(key, i % 5, ValueType.Value))
      const byUserKey = entriesOf(sorted)
      const byInternalKey = entriesOf(internal)
      for (const key of [...asked, ...sorted]) {
        const place = sorted.findIndex((each) => bytewiseComparator.compare(each, key) >= 0)
        const target = encodeInternalKey(key, 3, valueTypeForSeek)
        expect(searchIndex(byUserKey, target, comparator, true)).toBe(
          place < 0 ? sorted.length : place,
        )
        const placeWithTrailer = internal.findIndex((each) => comparator.compare(each, target) >= 0)
        expect(searchIndex(byInternalKey, target, comparator, false)).toBe(
          placeWithTrailer < 0 ? internal.length : placeWithTrailer,
        )
      }
    }),
    { numRuns: 300 },
  )
})
