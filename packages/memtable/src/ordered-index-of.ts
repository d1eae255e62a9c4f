import { bytewiseComparator, reverseBytewiseComparator, type Comparator } from '@varve/base'

import type { Arena } from './arena.ts'
import type { OrderedIndex } from './ordered-index.ts'
import type { RadixTree } from './radix/radix-tree.ts'
import { ReverseIndex } from './radix/reverse-index.ts'
import { SkipList } from './skip-list/skip-list.ts'

/** Whether an order is one of bytes, forward or backward, which a radix tree has. */
export function hasByteOrder(comparator: Comparator): boolean {
  return comparator === bytewiseComparator || comparator === reverseBytewiseComparator
}

/** 1 for the order of bytes, -1 for its reverse. */
export function directionOf(comparator: Comparator): 1 | -1 {
  return comparator === bytewiseComparator ? 1 : -1
}

/** The tree in the direction of the comparator; a skip list, of another thread when `shared`, where there is no tree for the order. */
export function orderedIndexOf(
  arena: Arena,
  comparator: Comparator,
  tree: RadixTree | undefined,
  shared: boolean,
): OrderedIndex {
  if (tree === undefined) return new SkipList(arena, comparator, shared)
  return comparator === bytewiseComparator ? tree : new ReverseIndex(tree)
}
