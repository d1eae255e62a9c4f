import type { RecordContext } from '../record.ts'

/** An update not yet written and sent on. */
export interface CacheEntry<K, V> {
  readonly key: K
  readonly keyBytes: Uint8Array
  value: V | null
  timestamp: number
  /** Row before the first update since the last flush. */
  readonly oldValue: V | null
  /** Input record of the last update. */
  context: RecordContext
  bytes: number
  /** Already in the overlay, not yet sent on. */
  written: boolean
  /** Some update of it has been in the overlay. */
  seen: boolean
}

/** Bytes that the caches of all tasks of an application may hold together. 0: no caching. */
export class CacheBudget {
  readonly bytesMax: number
  bytesUsed = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get enabled(): boolean {
    return this.bytesMax > 0
  }
}
