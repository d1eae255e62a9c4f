import type { Comparator } from '@varve/base'

/** Deletes every user key in `[start, end)` with a sequence number below `sequence`. Structured-cloneable. */
export interface RangeTombstone {
  /** First user key covered. */
  readonly start: Uint8Array
  /** First user key no longer covered. */
  readonly end: Uint8Array
  readonly sequence: number
}

/** A span of keys that the same tombstones cover. */
interface Fragment {
  readonly start: Uint8Array
  readonly end: Uint8Array
  /** Descending. */
  readonly sequences: readonly number[]
}

/**
 * The range tombstones of one memtable, cut into spans that do not overlap when they are asked for: few are written and
 * many keys are looked up between.
 */
export class RangeTombstoneList {
  readonly #comparator: Comparator
  readonly #tombstones: RangeTombstone[] = []
  #fragments: readonly Fragment[] | undefined

  constructor(comparator: Comparator) {
    this.#comparator = comparator
  }

  get size(): number {
    return this.#tombstones.length
  }

  /** All of them, in the order they were added. */
  get tombstones(): readonly RangeTombstone[] {
    return this.#tombstones
  }

  /** Keeps a tombstone, whose keys are given away. */
  add(tombstone: RangeTombstone): void {
    this.#tombstones.push(tombstone)
    this.#fragments = undefined
  }

  /** Sequence number of the newest tombstone at or before `snapshot` that covers the key, -1 when none does. */
  maxCoveringSequence(userKey: Uint8Array, snapshot: number): number {
    if (this.#tombstones.length === 0) return -1
    const fragments = (this.#fragments ??= cutIntoFragments(this.#tombstones, this.#comparator))
    let low = 0
    let high = fragments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#comparator.compare(fragments[middle]!.end, userKey) <= 0) low = middle + 1
      else high = middle
    }
    const fragment = fragments[low]
    if (fragment === undefined || this.#comparator.compare(fragment.start, userKey) > 0) return -1
    for (const sequence of fragment.sequences) if (sequence <= snapshot) return sequence
    return -1
  }
}

function cutIntoFragments(
  tombstones: readonly RangeTombstone[],
  comparator: Comparator,
): readonly Fragment[] {
  const order = (a: Uint8Array, b: Uint8Array): number => comparator.compare(a, b)
  const bounds = tombstones.flatMap(({ start, end }) => [start, end]).sort(order)
  const starts = tombstones.toSorted((a, b) => order(a.start, b.start))
  const fragments: Fragment[] = []
  let active: RangeTombstone[] = []
  let next = 0
  for (let i = 0; i + 1 < bounds.length; i++) {
    const start = bounds[i]!
    const end = bounds[i + 1]!
    if (order(start, end) === 0) continue
    active = active.filter((tombstone) => order(tombstone.end, start) > 0)
    while (next < starts.length && order(starts[next]!.start, start) <= 0)
      active.push(starts[next++]!)
    if (active.length === 0) continue
    const sequences = active.map(({ sequence }) => sequence).sort((a, b) => b - a)
    fragments.push({ start, end, sequences })
  }
  return fragments
}
