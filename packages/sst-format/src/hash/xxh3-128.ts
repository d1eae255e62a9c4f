import { XXH3_SECRET } from './secret.ts'

const M = (1n << 64n) - 1n
const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P4 = 0x85ebca77c2b2ae63n
const Q2 = 0x85ebca77n

function r64(d: Uint8Array, i: number): bigint {
  let x = 0n
  for (let k = 7; k >= 0; k--) x = (x << 8n) | BigInt(d[i + k]!)
  return x
}

function bswap(x: bigint): bigint {
  let y = 0n
  for (let k = 0; k < 8; k++) {
    y = (y << 8n) | (x & 255n)
    x >>= 8n
  }
  return y
}

function avalanche(h: bigint): bigint {
  h ^= h >> 37n
  h = (h * 0x165667919e3779f9n) & M
  return h ^ (h >> 32n)
}

/**
 * XXH3 with 128 bits of result and a seed, for inputs of 9 to 128 bytes; `undefined` for other lengths.
 *
 * Written with big integers because it runs once per table (unique ids), never per key.
 */
export function xxh3Of128Bits(
  d: Uint8Array,
  seed: bigint,
): { readonly high: bigint; readonly low: bigint } | undefined {
  const S = XXH3_SECRET
  const n = d.length
  const length = BigInt(n)
  if (n >= 9 && n <= 16) {
    const flipLow = ((r64(S, 32) ^ r64(S, 40)) - seed) & M
    const flipHigh = ((r64(S, 48) ^ r64(S, 56)) + seed) & M
    const lo = r64(d, 0)
    let hi = r64(d, n - 8)
    const m = ((lo ^ hi ^ flipLow) & M) * P1
    let ml = m & M
    let mh = m >> 64n
    ml = (ml + ((length - 1n) << 54n)) & M
    hi ^= flipHigh
    mh = (mh + hi + (hi & 0xffffffffn) * (Q2 - 1n)) & M
    ml ^= bswap(mh)
    const h = ml * P2
    return { low: avalanche(h & M), high: avalanche(((h >> 64n) + mh * P2) & M) }
  }
  if (n < 17 || n > 128) return undefined
  const mix = (p: number, s: number): bigint => {
    const x =
      (r64(d, p) ^ ((r64(S, s) + seed) & M)) * (r64(d, p + 8) ^ ((r64(S, s + 8) - seed) & M))
    return (x & M) ^ (x >> 64n)
  }
  const sum = (p: number): bigint => r64(d, p) + r64(d, p + 8)
  let lo = (length * P1) & M
  let hi = 0n
  const pair = (front: number, back: number, s: number): void => {
    lo = ((lo + mix(front, s)) & M) ^ (sum(back) & M)
    hi = ((hi + mix(back, s + 16)) & M) ^ (sum(front) & M)
  }
  if (n > 96) pair(48, n - 64, 96)
  if (n > 64) pair(32, n - 48, 64)
  if (n > 32) pair(16, n - 32, 32)
  pair(0, n - 16, 0)
  return {
    low: avalanche((lo + hi) & M),
    high: -avalanche((lo * P1 + hi * P4 + (length - seed) * P2) & M) & M,
  }
}
