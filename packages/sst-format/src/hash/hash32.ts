/**
 * RocksDB's 32-bit hash (after MurmurHash), used by the legacy Bloom filter and the data-block hash index.
 *
 * The one to three bytes left over are sign-extended: a quirk that is part of the format.
 */
export function hash32(d: Uint8Array, start: number, n: number, seed: number): number {
  const m = 0xc6a4a793
  let h = seed ^ Math.imul(n, m)
  let i = start
  const end = start + n
  for (; i + 4 <= end; i += 4) {
    h = Math.imul(h + (d[i]! | (d[i + 1]! << 8) | (d[i + 2]! << 16) | (d[i + 3]! << 24)), m)
    h ^= h >>> 16
  }
  const rest = end - i
  if (rest > 0) {
    if (rest === 3) h += ((d[i + 2]! << 24) >> 24) << 16
    if (rest >= 2) h += ((d[i + 1]! << 24) >> 24) << 8
    h += (d[i]! << 24) >> 24
    h = Math.imul(h, m)
    h ^= h >>> 24
  }
  return h >>> 0
}
