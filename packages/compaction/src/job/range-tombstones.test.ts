import {
  bytewiseComparator,
  encodeInternalKey,
  reverseBytewiseComparator,
  sequenceSentinel,
  ValueType,
  type Comparator,
} from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import { describe, expect, test } from 'vitest'

import { tombstonesWithinFile } from './range-tombstones.ts'

const utf8 = new TextEncoder()

function within(
  [start, end]: readonly [string, string],
  smallest: string,
  largest: string,
  comparator: Comparator,
  largestType: ValueType = ValueType.Value,
): string[] {
  const sequence = largestType === ValueType.RangeDeletion ? sequenceSentinel : 7
  const file = {
    smallest: encodeInternalKey(utf8.encode(smallest), 9, ValueType.Value),
    largest: encodeInternalKey(utf8.encode(largest), sequence, largestType),
  } as FileMetadata
  const tombstone = { start: utf8.encode(start), end: utf8.encode(end), sequence: 8 }
  const clipped = tombstonesWithinFile([tombstone], file, comparator)
  return ['a', 'b', 'b\0', 'bb', 'c', 'c\0', 'cc', 'd', 'e'].filter((key) =>
    clipped.some(
      (one) =>
        comparator.compare(one.start, utf8.encode(key)) <= 0 &&
        comparator.compare(utf8.encode(key), one.end) < 0,
    ),
  )
}

describe('tombstonesWithinFile', () => {
  test('ends before an upper bound that a tombstone made', () => {
    const keys = within(['a', 'e'], 'b', 'c', bytewiseComparator, ValueType.RangeDeletion)
    expect(keys).toEqual(['b', 'b\0', 'bb'])
  })

  test('ends behind an upper bound that an entry made', () => {
    expect(within(['a', 'e'], 'b', 'c', bytewiseComparator)).toEqual(['b', 'b\0', 'bb', 'c'])
  })

  test('ends behind such a bound in the reverse order, too', () => {
    const keys = ['b', 'b\0', 'bb', 'c', 'c\0', 'cc', 'd']
    expect(within(['e', 'a'], 'd', 'b', reverseBytewiseComparator)).toEqual(keys)
    expect(within(['e', 'a'], 'd', 'b\0', reverseBytewiseComparator)).toEqual(keys.slice(1))
  })
})
