import { hash64, xxph3 } from '../hash/xxh3-64.ts'

const M64 = (1n << 64n) - 1n
const M128 = (1n << 128n) - 1n

/** What a Ribbon filter's trailer and size say, in the numbers its query needs. */
export interface RibbonShape {
  readonly starts: bigint
  /** Columns in the upper part. */
  readonly upperColumns: number
  /** Blocks below this index have one column less. */
  readonly upperStartBlock: number
  readonly rawSeed: bigint
}

/** Shape of a standard 128-bit Ribbon filter; `undefined` when everything matches. */
export function ribbonShape(
  sizeBytes: number,
  seed: number,
  blocks: number,
): RibbonShape | undefined {
  if (blocks < 2) return undefined
  const segments = Math.floor(sizeBytes / 16)
  const upperColumns = Math.ceil(segments / blocks)
  let t = (BigInt(seed) * 0xc78219a23eeadd03n) & M64
  t ^= (t & 0xf0f0f0f0f0f0f0f0n) >> 4n
  return {
    starts: BigInt(blocks) * 128n - 127n,
    upperColumns,
    upperStartBlock: upperColumns * blocks - segments,
    rawSeed: t & 0xffffffffn,
  }
}

function word128(filter: Uint8Array, index: number): bigint {
  let x = 0n
  for (let i = 15; i >= 0; i--) x = (x << 8n) | BigInt(filter[index * 16 + i] ?? 0)
  return x
}

function parity(x: bigint): number {
  for (let shift = 64n; shift > 0n; shift >>= 1n) x ^= x >> shift
  return Number(x & 1n)
}

function byteswap32Low(x: bigint): number {
  // Low half of the byte-swapped 64 bits = the high half, bytes reversed.
  const high = Number(x >> 32n)
  return ((high << 24) | ((high & 0xff00) << 8) | ((high >>> 8) & 0xff00) | (high >>> 24)) >>> 0
}

/**
 * Whether a standard 128-bit Ribbon filter may hold the user key in `bytes[0, length)`.
 *
 * In big integers: such files come from elsewhere, since tables written here have Bloom filters.
 * Source: Dillinger and Walzer, "Ribbon filter", as persisted by RocksDB.
 */
export function ribbonMayMatch(
  filter: Uint8Array,
  shape: RibbonShape,
  bytes: Uint8Array,
  length: number,
): boolean {
  xxph3(bytes, 0, length)
  const key = (BigInt(hash64.hi) << 32n) | BigInt(hash64.lo)
  const h = ((key ^ shape.rawSeed) * 0x6193d459236a3a0dn) & M64
  const start = Number((h * shape.starts) >> 64n)
  const a = (h * 0xc28f82822b650bedn) & M64
  const coefficients = (a << 64n) | (a ^ 0xc367844a6e52731dn) | 1n
  const expected = byteswap32Low(a)
  const block = Math.floor(start / 128)
  const shift = BigInt(start % 128)
  const segment = block * shape.upperColumns - Math.min(block, shape.upperStartBlock)
  const columns = shape.upperColumns - (block < shape.upperStartBlock ? 1 : 0)
  for (let i = 0; i < columns; i++) {
    let x = word128(filter, segment + i) & ((coefficients << shift) & M128)
    if (shift > 0n) {
      x ^= word128(filter, segment + columns + i) & (coefficients >> (128n - shift))
    }
    if (parity(x) !== ((expected >>> i) & 1)) return false
  }
  return true
}
