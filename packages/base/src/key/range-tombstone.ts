import type { Comparator } from './comparator.ts'

/** Deletes every user key in `[start, end)` with a sequence number below `sequence`. Structured-cloneable. */
export interface RangeTombstone {
  /** First user key covered. */
  readonly start: Uint8Array
  /** First user key no longer covered. */
  readonly end: Uint8Array
  readonly sequence: number
}

/** A span of user keys `[start, end)` that the same tombstones cover. */
export interface RangeTombstoneFragment {
  readonly start: Uint8Array
  readonly end: Uint8Array
  /** Sequence numbers of the tombstones over the span, descending, each once. */
  readonly sequences: readonly number[]
}

/**
 * Range tombstones cut into spans that do not overlap, ordered by start: what a table stores and what look-ups search.
 */
export class FragmentedRangeTombstones {
  readonly fragments: readonly RangeTombstoneFragment[]
  readonly #comparator: Comparator

  /** The tombstones may overlap and come in any order. */
  constructor(tombstones: readonly RangeTombstone[], comparator: Comparator) {
    this.#comparator = comparator
    this.fragments = cutIntoFragments(tombstones, comparator)
  }

  get empty(): boolean {
    return this.fragments.length === 0
  }

  /**
   * Sequence number of the newest tombstone with at most `snapshot` that covers the user key; -1 when
   * none does. An entry of the key is deleted when its own number is smaller.
   */
  maxCoveringSequence(userKey: Uint8Array, snapshot: number): number {
    const { fragments } = this
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
): RangeTombstoneFragment[] {
  if (tombstones.length === 0) return []
  const order = (a: Uint8Array, b: Uint8Array): number => comparator.compare(a, b)
  const byStart = tombstones
    .filter(({ start, end }) => order(start, end) < 0)
    .sort((a, b) => order(a.start, b.start))
  const bounds = byStart.flatMap(({ start, end }) => [start, end]).sort(order)
  const fragments: RangeTombstoneFragment[] = []
  let active: RangeTombstone[] = []
  let next = 0
  for (let i = 0; i + 1 < bounds.length; i++) {
    const start = bounds[i]!
    const end = bounds[i + 1]!
    if (order(start, end) === 0) continue
    active = active.filter((tombstone) => order(tombstone.end, start) > 0)
    while (next < byStart.length && order(byStart[next]!.start, start) <= 0) {
      active.push(byStart[next++]!)
    }
    if (active.length === 0) continue
    const sequences = [...new Set(active.map(({ sequence }) => sequence))].sort((a, b) => b - a)
    fragments.push({ start, end, sequences })
  }
  return fragments
}
