import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'

import { comparatorNamed } from './comparator.ts'
import { FragmentedRangeTombstones } from './range-tombstone.ts'

const key = fc.uint8Array({ maxLength: 2, max: 3 })
const tombstone = fc.record({ start: key, end: key, sequence: fc.nat(20) })

describe('range tombstones in fragments', () => {
  for (const name of ['leveldb.BytewiseComparator', 'rocksdb.ReverseBytewiseComparator']) {
    const comparator = comparatorNamed(name)!

    test.prop([fc.array(tombstone, { maxLength: 12 }), key, fc.nat(20)])(
      `cover a key as the newest of them that is visible does, ordered by ${name}`,
      (tombstones, userKey, snapshot) => {
        const fragmented = new FragmentedRangeTombstones(tombstones, comparator)
        const covering = tombstones.filter(
          ({ start, end, sequence }) =>
            sequence <= snapshot &&
            comparator.compare(start, userKey) <= 0 &&
            comparator.compare(userKey, end) < 0,
        )
        const newest = Math.max(-1, ...covering.map(({ sequence }) => sequence))
        expect(fragmented.maxCoveringSequence(userKey, snapshot)).toBe(newest)
      },
    )

    test.prop([fc.array(tombstone, { maxLength: 12 })])(
      `ascend, do not overlap, and name each sequence once, newest first, ordered by ${name}`,
      (tombstones) => {
        const { fragments } = new FragmentedRangeTombstones(tombstones, comparator)
        for (const [i, { start, end, sequences }] of fragments.entries()) {
          expect(comparator.compare(start, end)).toBeLessThan(0)
          const next = fragments[i + 1]
          if (next !== undefined) expect(comparator.compare(end, next.start)).toBeLessThanOrEqual(0)
          expect(sequences.length).toBeGreaterThan(0)
          expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => b - a))
        }
      },
    )
  }
})
