import { hash32 } from '../hash/hash32.ts'
import { hash64, xxph3 } from '../hash/xxh3-64.ts'
import { LEGACY_BLOOM_SEED } from './legacy-bloom.ts'

/** What a released one leaves to the next one of the thread: a table's worth, which would be garbage with every table. */
let spare: { readonly high: Uint32Array; readonly low: Uint32Array } | undefined
/** More is left to the collector. */
const maxSpareKeys = 1 << 20

/**
 * The hashes of the keys of a filter, until it is built. Equal ones in a row count once: versions of one key follow each
 * other. The new filters take 64 bits of a key, the legacy one 32 (then `high` stays 0).
 */
export class FilterKeys {
  readonly #legacy: boolean
  high: Uint32Array
  low: Uint32Array
  count = 0

  constructor(legacy: boolean) {
    this.#legacy = legacy
    const { high = new Uint32Array(1024), low = new Uint32Array(1024) } = spare ?? {}
    this.high = high
    this.low = low
    spare = undefined
  }

  /** Hot. Adds the user key, or prefix, in `bytes[0, length)`. */
  add(bytes: Uint8Array, length: number): void {
    let hi = 0
    let lo: number
    if (this.#legacy) {
      lo = hash32(bytes, 0, length, LEGACY_BLOOM_SEED)
    } else {
      xxph3(bytes, 0, length)
      hi = hash64.hi
      lo = hash64.lo
    }
    const n = this.count
    if (n > 0 && this.high[n - 1] === hi && this.low[n - 1] === lo) return
    if (n === this.high.length) {
      this.high = grown(this.high)
      this.low = grown(this.low)
    }
    this.high[n] = hi
    this.low[n] = lo
    this.count = n + 1
  }

  clear(): void {
    this.count = 0
  }

  /** Gives the memory to the next one; this one is empty and takes keys no more. */
  release(): void {
    const { high, low } = this
    if (high.length <= maxSpareKeys && high.length > (spare?.high.length ?? 0))
      spare = { high, low }
    this.high = this.low = new Uint32Array(0)
    this.count = 0
  }
}

function grown(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}
