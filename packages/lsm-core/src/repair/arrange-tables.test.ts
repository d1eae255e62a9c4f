import { bytewiseComparator, encodeInternalKey, utf8Bytes, ValueType } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import { describe, expect, it } from 'vitest'

import { arrangeTables } from './arrange-tables.ts'

/** `a-f 3..9` */
function table(number: number, keys: string, least: number, most: number): FileMetadata {
  const [from, to] = keys.split('-') as [string, string]
  return {
    number,
    fileSizeBytes: 1,
    smallest: encodeInternalKey(utf8Bytes(from), most, ValueType.Value),
    largest: encodeInternalKey(utf8Bytes(to), least, ValueType.Value),
    smallestSequence: least,
    largestSequence: most,
  }
}

function levels(files: readonly FileMetadata[], numLevels = 7): Record<number, number> | undefined {
  const placed = arrangeTables(files, bytewiseComparator, numLevels)
  return placed && Object.fromEntries(placed.map(({ level, file }) => [file.number, level]))
}

describe('levels of tables of unknown place', () => {
  it('put newer tables above the older ones they overlap, others beside each other', () => {
    expect(
      levels([
        table(9, 'a-z', 20, 30),
        table(5, 'a-c', 0, 0),
        table(6, 'd-m', 0, 0),
        table(7, 'b-e', 5, 9),
        table(8, 'x-y', 5, 9),
      ]),
    ).toEqual({ 5: 6, 6: 6, 7: 5, 8: 6, 9: 4 })
  })

  it('have the newest in level 0 when there are more layers than levels', () => {
    const files = [1, 2, 3, 4].map((n) => table(n, 'a-z', n * 10, n * 10 + 5))
    expect(levels(files, 3)).toEqual({ 1: 2, 2: 1, 3: 0, 4: 0 })
  })

  it('are not to be told from sequence numbers that overlap', () => {
    expect(levels([table(1, 'a-m', 0, 20), table(2, 'b-c', 10, 12)])).toBeUndefined()
    expect(levels([table(1, 'a-b', 0, 20), table(2, 'c-d', 10, 12)])).toEqual({ 1: 6, 2: 6 })
  })
})
