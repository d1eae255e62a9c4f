import { FragmentedRangeTombstones, type Comparator, type RangeTombstone } from '@varve/base'

/**
 * The range tombstones of one memtable, cut into spans that do not overlap when they are asked for: few are written and
 * many keys are looked up between.
 */
export class RangeTombstoneList {
  readonly #comparator: Comparator
  readonly #tombstones: RangeTombstone[] = []
  #fragments: FragmentedRangeTombstones | undefined

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
    this.#fragments ??= new FragmentedRangeTombstones(this.#tombstones, this.#comparator)
    return this.#fragments.maxCoveringSequence(userKey, snapshot)
  }
}
