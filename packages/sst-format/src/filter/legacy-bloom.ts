import { writeFixed32 } from '@varve/base'

import { hash32 } from '../hash/hash32.ts'
import { FILTER_CHUNK_KEYS, type FilterKeys } from './filter-keys.ts'

/** Seed of the 32-bit hash of keys. */
export const LEGACY_BLOOM_SEED = 0xbc9f1d34

/**
 * Whether a legacy Bloom filter (format_version below 5) may hold the user key in `bytes[0, length)`.
 * `lineBytes` is a power of two; the filter has `lines` of them.
 */
export function legacyBloomMayMatch(
  filter: Uint8Array,
  lines: number,
  lineBytes: number,
  probes: number,
  bytes: Uint8Array,
  length: number,
): boolean {
  let h = hash32(bytes, 0, length, LEGACY_BLOOM_SEED)
  const line = (h % lines) * lineBytes
  const delta = (h >>> 17) | (h << 15)
  const mask = lineBytes * 8 - 1
  for (let k = 0; k < probes; k++) {
    const bit = h & mask
    if ((filter[line + (bit >>> 3)]! & (1 << (bit & 7))) === 0) return false
    h = (h + delta) >>> 0
  }
  return true
}

const LINE_BYTES = 64

/**
 * The legacy Bloom filter of `keys`, as RocksDB builds it: whole bits for each key, an odd number of lines.
 *
 * Layout: lines, then the number of probes (1 byte) and that of lines (fixed32).
 */
export function buildLegacyBloom(keys: FilterKeys, bitsPerKey: number): Uint8Array {
  const wholeBits = Math.max(1, Math.round(bitsPerKey))
  const lines = Math.ceil((keys.count * wholeBits) / (LINE_BYTES * 8)) | 1
  const probes = Math.min(30, Math.max(1, Math.floor(wholeBits * 0.69)))
  const size = lines * LINE_BYTES
  const out = new Uint8Array(size + 5)
  const { count } = keys
  for (let first = 0; first < count; first += FILTER_CHUNK_KEYS) {
    const { low } = keys.chunk(first)
    const n = Math.min(FILTER_CHUNK_KEYS, count - first)
    for (let i = 0; i < n; i++) {
      let h = low[i]!
      const line = (h % lines) * LINE_BYTES
      const delta = (h >>> 17) | (h << 15)
      for (let k = 0; k < probes; k++) {
        const bit = h & (LINE_BYTES * 8 - 1)
        out[line + (bit >>> 3)]! |= 1 << (bit & 7)
        h = (h + delta) >>> 0
      }
    }
  }
  out[size] = probes
  writeFixed32(out, size + 1, lines)
  return out
}
