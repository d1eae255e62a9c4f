import { hash32 } from '../hash/hash32.ts'

const LEGACY_BLOOM_SEED = 0xbc9f1d34

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
