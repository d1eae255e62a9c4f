import { hash64, xxph3 } from '../hash/xxh3-64.ts'
import type { FilterReader } from './filter-reader.ts'

/** Asks filters of many tables for one key, whose hash is taken once. @internal */
export class FilterProbe {
  #high = 0
  #low = 0

  /** Hot. The key that {@link passes} is about. */
  set(userKey: Uint8Array): void {
    xxph3(userKey, 0, userKey.length)
    this.#high = hash64.hi
    this.#low = hash64.lo
  }

  /** Hot. 1 when the table may hold the key, 0 when it does not. Of a filter that {@link FilterReader.takesHash}. */
  passes(filter: FilterReader): number {
    return filter.passesHash(this.#high, this.#low)
  }
}
