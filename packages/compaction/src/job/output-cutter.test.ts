import { bytewiseComparator, encodeInternalKey, utf8Bytes, ValueType } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import { describe, expect, test } from 'vitest'

import { OutputCutter } from './output-cutter.ts'

function table(range: string, fileSizeBytes: number): FileMetadata {
  const [smallest, largest] = range
    .split('-')
    .map((key) => encodeInternalKey(utf8Bytes(key), 1, ValueType.Value))
  return {
    number: 1,
    fileSizeBytes,
    smallest: smallest!,
    largest: largest!,
    smallestSequence: 1,
    largestSequence: 1,
  }
}

/** Keys before which a table ends, when each entry is `entryBytes` long. */
function cuts(
  keys: string,
  entryBytes: number,
  grandparents: readonly FileMetadata[],
  options: { target?: number; max?: number; aligns?: boolean } = {},
): string {
  const cutter = new OutputCutter(bytewiseComparator, {
    grandparents,
    targetFileSizeBytes: options.target ?? 100,
    maxCompactionBytes: options.max ?? 1e9,
    alignsWithGrandparents: options.aligns ?? true,
  })
  let size = 0
  let found = ''
  for (const key of keys) {
    if (cutter.shouldCutBefore(utf8Bytes(key), size)) {
      found += key
      size = 0
      cutter.restart()
    }
    size += entryBytes
  }
  return found
}

describe('OutputCutter', () => {
  test('ends tables at the size aimed at', () => {
    expect(cuts('abcdefghij', 30, [])).toBe('ei')
  })

  test('with tables in the level after, may go to twice the size', () => {
    expect(cuts('abcdefghij', 30, [table('x-z', 10)])).toBe('h')
  })

  test('ends early where a table of the level after ends', () => {
    // 60 of 100 bytes at the end of a-b; 50 % and 5 % for the boundary that is passed.
    expect(cuts('abcdef', 30, [table('a-b', 10), table('d-z', 10)])).toBe('c')
    expect(cuts('abcdef', 30, [table('a-b', 10), table('d-z', 10)], { aligns: false })).toBe('e')
  })

  test('does not span a table of the level after that it would skip', () => {
    const below = [table('b-c', 50), table('d-e', 50), table('x-z', 50)]
    expect(cuts('afg', 10, below)).toBe('f')
    expect(cuts('afg', 10, below, { target: 1000 })).toBe('')
  })

  test('ends where it would overlap too much of the level after', () => {
    const below = [table('a-b', 50), table('c-d', 50), table('e-f', 50)]
    expect(cuts('abcdef', 1, below, { max: 80, target: 1000 })).toBe('ce')
  })
})
