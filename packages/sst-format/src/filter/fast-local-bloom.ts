import { hash64, xxph3 } from '../hash/xxh3-64.ts'
import { FILTER_CHUNK_KEYS, type FilterKeys } from './filter-keys.ts'

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

/** Size of the filter that {@link buildFastLocalBloom} makes, without its trailer. */
function lineBytes(keys: number, millibits: number): number {
  return Math.ceil(Math.floor((keys * millibits + 7999) / 8000) / 64) * 64
}

/**
 * RocksDB's FastLocalBloom filter (format_version 5) of `keys`: all probes of a key fall into one cache line of 64 bytes.
 * `bitsPerKey` may have a fraction.
 *
 * Layout: `n` bytes of lines, then `ff 00 probes 00 00`. The same keys give the same bytes as RocksDB.
 */
export function buildFastLocalBloom(keys: FilterKeys, bitsPerKey: number): Uint8Array {
  const millibits = Math.round(bitsPerKey * 1000)
  const size = lineBytes(keys.count, millibits)
  const out = new Uint8Array(size + 5)
  const lines = size / 64
  const probes = probesFor(millibits)
  const { count } = keys
  for (let first = 0; first < count; first += FILTER_CHUNK_KEYS) {
    const { high, low } = keys.chunk(first)
    const n = Math.min(FILTER_CHUNK_KEYS, count - first)
    for (let i = 0; i < n; i++) {
      const line = fastRange(low[i]!, lines) * 64
      let h = high[i]!
      for (let k = 0; k < probes; k++) {
        const bit = h >>> 23
        out[line + (bit >>> 3)]! |= 1 << (bit & 7)
        h = Math.imul(h, 0x9e3779b9)
      }
    }
  }
  out[size] = 0xff
  out[size + 2] = probes
  return out
}

/** Share of keys that are not in such a filter and match nevertheless. */
export function fastLocalBloomErrorRate(bitsPerKey: number): number {
  const probes = probesFor(Math.round(bitsPerKey * 1000))
  const standard = (bits: number): number => (1 - Math.exp(-probes / bits)) ** probes
  // Lines are not equally full: the mean of one that is a standard deviation fuller, and one that is emptier.
  const keysPerLine = 512 / bitsPerKey
  const deviation = Math.sqrt(keysPerLine)
  return (standard(512 / (keysPerLine + deviation)) + standard(512 / (keysPerLine - deviation))) / 2
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
  return fastLocalBloomHasHash(filter, lineBytes, probes, hash64.hi, hash64.lo)
}

/** {@link fastLocalBloomMayMatch} of a key whose hash is known. */
export function fastLocalBloomHasHash(
  filter: Uint8Array,
  lineBytes: number,
  probes: number,
  high: number,
  low: number,
): boolean {
  const line = fastRange(low, lineBytes >>> 6) * 64
  let h = high
  for (let k = 0; k < probes; k++) {
    const bit = h >>> 23
    if ((filter[line + (bit >>> 3)]! & (1 << (bit & 7))) === 0) return false
    h = Math.imul(h, 0x9e3779b9)
  }
  return true
}

/**
 * {@link fastLocalBloomHasHash} as 1 or 0, without a branch on what is read: which bit is the first that is not set cannot be foretold, and
 * a processor that took the wrong way there reads nothing ahead, not the lines of other filters either.
 */
export function fastLocalBloomPasses(
  filter: Uint8Array,
  lineBytes: number,
  probes: number,
  high: number,
  low: number,
): number {
  const line = fastRange(low, lineBytes >>> 6) * 64
  let h = high | 0
  let all = 1
  for (let k = 0; k < probes; k++) {
    const bit = h >>> 23
    all &= filter[line + (bit >>> 3)]! >>> (bit & 7)
    h = Math.imul(h, 0x9e3779b9)
  }
  return all
}

/** First byte of the line that holds the bits of a key with this hash. */
export function fastLocalBloomLine(filter: Uint8Array, lineBytes: number, low: number): number {
  return filter[fastRange(low, lineBytes >>> 6) * 64]!
}
