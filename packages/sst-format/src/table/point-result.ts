import { emptyBytes, ownedCopy } from '@varve/base'

/** Where a look-up leaves what it found. Reuse one: it saves an allocation a look-up. */
export interface PointResult {
  /** Value type of the entry. */
  type: number
  sequence: number
  /**
   * View of the block's memory: not to be changed, alive as long as it is held; or only until the next look-up in any table, see
   * {@link createPointResult}.
   */
  readonly value: Uint8Array
  /** A copy that the caller owns. */
  copyValue(): Uint8Array<ArrayBuffer>
}

/** The one {@link PointResult} there is, with what look-ups know of it besides. @internal */
export class FoundEntry implements PointResult {
  readonly isTransient: boolean
  type = 0
  sequence = 0
  data: Uint8Array = emptyBytes
  /** Hash of the key that is looked up, once a filter asked for it. */
  hashed = false
  hashHigh = 0
  hashLow = 0
  start = 0
  end = 0

  constructor(isTransient: boolean) {
    this.isTransient = isTransient
  }

  get value(): Uint8Array {
    return this.data.subarray(this.start, this.end)
  }

  copyValue(): Uint8Array<ArrayBuffer> {
    return ownedCopy(this.data, this.start, this.end)
  }
}

/**
 * A fresh {@link PointResult}. Of a transient one the value is good only until the next look-up in any table: a block that the
 * cache does not keep is then read without memory of its own.
 */
export function createPointResult(isTransient: boolean = false): PointResult {
  return new FoundEntry(isTransient)
}
