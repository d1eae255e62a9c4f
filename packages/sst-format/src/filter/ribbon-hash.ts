import { multiplyHigh32 } from '../hash/multiply.ts'

/** What a Ribbon filter makes of a key; {@link ribbonHash} fills it. */
export const ribbonKey: {
  start: number
  /** 128 coefficients, least significant word first; bit 0 is set. */
  c0: number
  c1: number
  c2: number
  c3: number
  /** One bit a column. */
  expected: number
} = { start: 0, c0: 0, c1: 0, c2: 0, c3: 0, expected: 0 }

/** The mask that seed number `seed` stands for; it is mixed into the low half of hashes. */
export function rawSeedOf(seed: number): number {
  let t = (BigInt(seed) * 0xc78219a23eeadd03n) & 0xffff_ffff_ffff_ffffn
  t ^= (t & 0xf0f0f0f0f0f0f0f0n) >> 4n
  return Number(t & 0xffff_ffffn)
}

function swapBytes(x: number): number {
  return ((x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24)) >>> 0
}

/**
 * Hot. Fills {@link ribbonKey} from the 64-bit hash of a key, for a filter with `starts` places to start at (below 2^31).
 * Source: Dillinger and Walzer, "Ribbon filter", with the constants RocksDB persists.
 */
export function ribbonHash(hi: number, lo: number, rawSeed: number, starts: number): void {
  const low = (lo ^ rawSeed) >>> 0
  // h = hash × 0x6193d459236a3a0d
  const hl = Math.imul(low, 0x236a3a0d) >>> 0
  const hh =
    (multiplyHigh32(low, 0x236a3a0d) + Math.imul(low, 0x6193d459) + Math.imul(hi, 0x236a3a0d)) >>> 0
  // start = h × starts / 2^64
  const carry = (Math.imul(hh, starts) >>> 0) + multiplyHigh32(hl, starts)
  ribbonKey.start = multiplyHigh32(hh, starts) + (carry > 0xffff_ffff ? 1 : 0)
  // a = h × 0xc28f82822b650bed
  const al = Math.imul(hl, 0x2b650bed) >>> 0
  const ah =
    (multiplyHigh32(hl, 0x2b650bed) + Math.imul(hl, 0xc28f8282) + Math.imul(hh, 0x2b650bed)) >>> 0
  ribbonKey.c3 = ah
  ribbonKey.c2 = al
  ribbonKey.c1 = (ah ^ 0xc367844a) >>> 0
  ribbonKey.c0 = ((al ^ 0x6e52731d) | 1) >>> 0
  // Low half of the byte-swapped 64 bits = the high half, bytes reversed.
  ribbonKey.expected = swapBytes(ah)
}
