import {
  bytewiseComparator,
  type Comparator,
  type InternalIterator,
  type RangeTombstone,
} from '@varve/base'

import { Arena } from './arena.ts'
import { MemtableIterator } from './memtable-iterator.ts'
import { directionOf, hasByteOrder, orderedIndexOf } from './ordered-index-of.ts'
import { RadixTree } from './radix/radix-tree.ts'
import { sortedEntries } from './sorted/sort-entries.ts'
import { SortedEntriesIterator } from './sorted/sorted-entries-iterator.ts'

/** A sealed memtable as plain data: posting it to a worker shares the memory instead of copying it. */
export interface SharedMemtable {
  readonly buffer: SharedArrayBuffer
  readonly usedWords: number
  /** Root of the radix tree; 0 when the order has none, or the entries are not in it. */
  readonly root: number
  /** Where the list of the entries is that are not in the order; undefined when all are. */
  readonly unordered: Int32Array | undefined
  readonly entryCount: number
  readonly rangeTombstones: readonly RangeTombstone[]
}

/** An iterator over a memtable that another thread sealed and shared. Sorts its entries, when they were only listed. */
export function openSharedMemtable(
  shared: SharedMemtable,
  comparator: Comparator = bytewiseComparator,
): InternalIterator {
  const arena = new Arena(0, shared.buffer, shared.usedWords)
  const { unordered } = shared
  if (unordered !== undefined) {
    const direction = directionOf(comparator)
    const entries = sortedEntries(arena, unordered, shared.entryCount, direction)
    return new SortedEntriesIterator(arena, entries, direction)
  }
  const tree = hasByteOrder(comparator) ? new RadixTree(arena, shared.root) : undefined
  return new MemtableIterator(arena, orderedIndexOf(arena, comparator, tree, true))
}
