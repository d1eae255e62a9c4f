import { hash64, xxph3 } from '../hash/xxh3-64.ts'

/** Upper bounds of millibits per key for 1, 2, … probes; part of how RocksDB builds, not of how it reads. */
const PROBE_LIMITS = [
  2080, 3580, 5100, 6640, 8300, 10070, 11720, 14001, 16050, 18300, 22001, 25501,
] as const

function probesFor(millibits: number): number {
  for (let i = 0; i < PROBE_LIMITS.length; i++) if (millibits <= PROBE_LIMITS[i]!) return i + 1
  return millibits > 50000 ? 24 : Math.floor((millibits - 1) / 2000) - 1
}

/** floor(a × b / 2^32) of two 32-bit numbers ("fast range"). `b` is a count of cache lines: below 2^21 in practice. */
function fastRange(hash: number, lines: number): number {
  if (lines < 0x20_0000) return Math.floor((hash * lines) / 0x1_0000_0000)
  return Number((BigInt(hash) * BigInt(lines)) >> 32n)
}

/**
 * Collects the hashes of keys and builds RocksDB's FastLocalBloom filter (format_version 5): all probes of a key fall into
 * one cache line of 64 bytes.
 *
 * Layout: `n` bytes of lines, then `ff 00 probes 00 00`. The same keys give the same bytes as RocksDB.
 */
export class FastLocalBloomBuilder {
  readonly #millibits: number
  #high = new Uint32Array(1024)
  #low = new Uint32Array(1024)
  #count = 0

  /** `bitsPerKey` may have a fraction. */
  constructor(bitsPerKey: number) {
    this.#millibits = Math.round(bitsPerKey * 1000)
  }

  /** Keys counted so far, versions of one key in a row once. */
  get keys(): number {
    return this.#count
  }

  get sizeBytes(): number {
    return this.#count === 0 ? 0 : this.#lineBytes() + 5
  }

  /** Adds the user key in `bytes[0, length)`. */
  add(bytes: Uint8Array, length: number): void {
    xxph3(bytes, 0, length)
    const { hi, lo } = hash64
    const n = this.#count
    if (n > 0 && this.#high[n - 1] === hi && this.#low[n - 1] === lo) return
    if (n === this.#high.length) {
      const high = new Uint32Array(n * 2)
      high.set(this.#high)
      this.#high = high
      const low = new Uint32Array(n * 2)
      low.set(this.#low)
      this.#low = low
    }
    this.#high[n] = hi
    this.#low[n] = lo
    this.#count = n + 1
  }

  #lineBytes(): number {
    const bytes = Math.floor((this.#count * this.#millibits + 7999) / 8000)
    return Math.ceil(bytes / 64) * 64
  }

  /** The filter block, a fresh array. */
  finish(): Uint8Array {
    const size = this.#lineBytes()
    const out = new Uint8Array(size + 5)
    const lines = size / 64
    const probes = probesFor(this.#millibits)
    for (let i = 0; i < this.#count; i++) {
      const line = fastRange(this.#low[i]!, lines) * 64
      let h = this.#high[i]!
      for (let k = 0; k < probes; k++) {
        const bit = h >>> 23
        out[line + (bit >>> 3)]! |= 1 << (bit & 7)
        h = Math.imul(h, 0x9e3779b9)
      }
    }
    out[size] = 0xff
    out[size + 2] = probes
    return out
  }
}

/** Hot. Whether the filter may hold the user key in `bytes[0, length)`. `lineBytes` is the filter without its trailer. */
export function fastLocalBloomMayMatch(
  filter: Uint8Array,
  lineBytes: number,
  probes: number,
  bytes: Uint8Array,
  length: number,
): boolean {
  xxph3(bytes, 0, length)
  const line = fastRange(hash64.lo, lineBytes >>> 6) * 64
  let h = hash64.hi
  for (let k = 0; k < probes; k++) {
    const bit = h >>> 23
    if ((filter[line + (bit >>> 3)]! & (1 << (bit & 7))) === 0) return false
    h = Math.imul(h, 0x9e3779b9)
  }
  return true
}
