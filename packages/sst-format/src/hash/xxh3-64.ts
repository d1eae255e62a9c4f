/**
 * Hot. XXH3 with 64 bits of result, seed 0, default secret, in 32-bit halves.
 *
 * Two variants share the middle of the algorithm:
 *
 * - *stable* (xxHash 0.8): block checksums;
 * - *preview* ("XXPH3", frozen by RocksDB before 0.8): everything persistent that hashes user keys, that is the Bloom and
 *   Ribbon filters. It differs from the stable one at every length.
 *
 * A 64-bit number is a pair of unsigned halves. Results leave through {@link hash64}, because returning a pair would
 * allocate: read it before the next call.
 *
 * Source: xxHash (BSD-2), XXH3 specification; the preview's differences as RocksDB persists them.
 */
import { xxh3Lanes } from '@varve/base'

import { SECRET_WORDS as S, XXH3_SECRET } from './secret.ts'

/** Result register: `hi` and `lo` are the unsigned halves of the last hash computed. */
export const hash64: { hi: number; lo: number } = { hi: 0, lo: 0 }

/** Registers of the 64-bit helpers below. */
let H = 0
let L = 0

/** High 32 bits of the product of two 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const u = a1 * b0 + ((a0 * b0) >>> 16)
  const v = a0 * b1 + (u & 0xffff)
  return (a1 * b1 + (u >>> 16) + (v >>> 16)) >>> 0
}

/** (H, L) = low 64 bits of a × b. */
function mul(ah: number, al: number, bh: number, bl: number): void {
  H = (mulHigh(al, bl) + Math.imul(ah, bl) + Math.imul(al, bh)) >>> 0
  L = Math.imul(al, bl) >>> 0
}

/** (H, L) = low 64 bits xor high 64 bits of the 128-bit product a × b. */
function fold(ah: number, al: number, bh: number, bl: number): void {
  const ll = Math.imul(al, bl) >>> 0
  const llh = mulHigh(al, bl)
  const lh = Math.imul(al, bh) >>> 0
  const lhh = mulHigh(al, bh)
  const hl = Math.imul(ah, bl) >>> 0
  const hlh = mulHigh(ah, bl)
  const hh = Math.imul(ah, bh) >>> 0
  const hhh = mulHigh(ah, bh)
  const w1 = llh + lh + hl // below 3 × 2^32: exact
  const c1 = w1 > 0xffffffff ? (w1 > 0x1ffffffff ? 2 : 1) : 0
  const w2 = lhh + hlh + hh + c1
  const c2 = w2 > 0xffffffff ? (w2 > 0x1ffffffff ? 2 : 1) : 0
  L = (ll ^ w2) >>> 0
  H = ((w1 | 0) ^ ((hhh + c2) | 0)) >>> 0
}

function word(d: Uint8Array, i: number): number {
  return (d[i]! | (d[i + 1]! << 8) | (d[i + 2]! << 16) | (d[i + 3]! << 24)) >>> 0
}

/** (H, L) = fold(in[p..p+16] xor secret[s..s+16]). */
function mix(d: Uint8Array, p: number, s: number): void {
  fold(
    (word(d, p + 4) ^ S[s + 4]!) >>> 0,
    (word(d, p) ^ S[s]!) >>> 0,
    (word(d, p + 12) ^ S[s + 12]!) >>> 0,
    (word(d, p + 8) ^ S[s + 8]!) >>> 0,
  )
}

/** Sum register of the length classes above 16 bytes. */
let sumH = 0
let sumL = 0

function addMix(d: Uint8Array, p: number, s: number): void {
  mix(d, p, s)
  const l = sumL + L
  sumH = (sumH + H + (l > 0xffffffff ? 1 : 0)) >>> 0
  sumL = l >>> 0
}

/** h ^= h >> 37; h *= prime; h ^= h >> 32. The prime is PRIME_MX1 (stable) or PRIME64_3 (preview). */
function avalanche(h: number, l: number, preview: boolean): void {
  l = (l ^ (h >>> 5)) >>> 0
  if (preview) mul(h, l, 0x165667b1, 0x9e3779f9)
  else mul(h, l, 0x16566791, 0x9e3779f9)
  hash64.hi = H
  hash64.lo = (L ^ H) >>> 0
}

/** XXH64's avalanche, used by the stable variant below four bytes. */
function avalanche64(h: number, l: number): void {
  l = (l ^ (h >>> 1)) >>> 0
  mul(h, l, 0xc2b2ae3d, 0x27d4eb4f)
  h = H
  l = L
  const l29 = ((h << 3) | (l >>> 29)) >>> 0
  l = (l ^ l29) >>> 0
  h = (h ^ (h >>> 29)) >>> 0
  mul(h, l, 0x165667b1, 0x9e3779f9)
  hash64.hi = H
  hash64.lo = (L ^ H) >>> 0
}

function length17To128(d: Uint8Array, p: number, n: number, preview: boolean): void {
  mul(0, n, 0x9e3779b1, 0x85ebca87)
  sumH = H
  sumL = L
  if (n > 32) {
    if (n > 64) {
      if (n > 96) {
        addMix(d, p + 48, 96)
        addMix(d, p + n - 64, 112)
      }
      addMix(d, p + 32, 64)
      addMix(d, p + n - 48, 80)
    }
    addMix(d, p + 16, 32)
    addMix(d, p + n - 32, 48)
  }
  addMix(d, p, 0)
  addMix(d, p + n - 16, 16)
  avalanche(sumH, sumL, preview)
}

function length129To240(d: Uint8Array, p: number, n: number, preview: boolean): void {
  mul(0, n, 0x9e3779b1, 0x85ebca87)
  sumH = H
  sumL = L
  for (let i = 0; i < 8; i++) addMix(d, p + 16 * i, 16 * i)
  avalanche(sumH, sumL, preview)
  sumH = hash64.hi
  sumL = hash64.lo
  const rounds = n >>> 4
  for (let i = 8; i < rounds; i++) addMix(d, p + 16 * i, 16 * (i - 8) + 3)
  addMix(d, p + n - 16, 119)
  avalanche(sumH, sumL, preview)
}

/** Lanes of the long-input loop: low and high half of lane i at 2i and 2i + 1. */
const acc = new Uint32Array(16)
const INITIAL = Uint32Array.of(
  0xc2b2ae3d, 0, 0x85ebca87, 0x9e3779b1, 0x27d4eb4f, 0xc2b2ae3d, 0x9e3779f9, 0x165667b1,
  0xc2b2ae63, 0x85ebca77, 0x85ebca77, 0, 0x165667c5, 0x27d4eb2f, 0x9e3779b1, 0,
) // prettier-ignore

function stripe(d: Uint8Array, p: number, s: number, preview: boolean): void {
  const flip = preview ? 0 : 2 // the stable variant adds the input to the neighbouring lane
  for (let i = 0; i < 16; i += 2) {
    const at = p + i * 4
    const vl = word(d, at)
    const vh = word(d, at + 4)
    const kl = (vl ^ S[s + i * 4]!) >>> 0
    const kh = (vh ^ S[s + i * 4 + 4]!) >>> 0
    const lane = i ^ flip
    const l1 = acc[lane]! + vl
    acc[lane] = l1
    acc[lane + 1] = acc[lane + 1]! + vh + (l1 > 0xffffffff ? 1 : 0)
    // low32(k) × high32(k), all 64 bits
    const a0 = kl & 0xffff
    const a1 = kl >>> 16
    const b0 = kh & 0xffff
    const b1 = kh >>> 16
    const u = a1 * b0 + ((a0 * b0) >>> 16)
    const v = a0 * b1 + (u & 0xffff)
    const l2 = acc[i]! + (Math.imul(kl, kh) >>> 0)
    acc[i] = l2
    acc[i + 1] = acc[i + 1]! + (a1 * b1 + (u >>> 16) + (v >>> 16)) + (l2 > 0xffffffff ? 1 : 0)
  }
}

function scramble(): void {
  for (let i = 0; i < 16; i += 2) {
    const l = acc[i]!
    const h = acc[i + 1]!
    const xl = (l ^ (h >>> 15) ^ S[128 + i * 4]!) >>> 0
    const xh = (h ^ S[128 + i * 4 + 4]!) >>> 0
    // × PRIME32_1
    acc[i + 1] = mulHigh(xl, 0x9e3779b1) + Math.imul(xh, 0x9e3779b1)
    acc[i] = Math.imul(xl, 0x9e3779b1)
  }
}

function longInput(d: Uint8Array, p: number, n: number, preview: boolean): void {
  acc.set(INITIAL)
  if (preview || !xxh3Lanes(d, p, n, XXH3_SECRET, acc)) consume(d, p, n, preview)
  finish(n, preview)
}

function consume(d: Uint8Array, p: number, n: number, preview: boolean): void {
  const blocks = preview ? Math.floor(n / 1024) : Math.floor((n - 1) / 1024)
  for (let b = 0; b < blocks; b++) {
    for (let j = 0; j < 16; j++) stripe(d, p + b * 1024 + j * 64, j * 8, preview)
    scramble()
  }
  const rest = p + blocks * 1024
  const stripes = Math.floor(((preview ? n : n - 1) - blocks * 1024) / 64)
  for (let j = 0; j < stripes; j++) stripe(d, rest + j * 64, j * 8, preview)
  if (!preview || (n & 63) !== 0) stripe(d, p + n - 64, 121, preview)
}

function finish(n: number, preview: boolean): void {
  mul(Math.floor(n / 0x100000000), n >>> 0, 0x9e3779b1, 0x85ebca87)
  sumH = H
  sumL = L
  for (let i = 0; i < 4; i++) {
    const a = i * 4
    const s = 11 + i * 16
    fold(
      (acc[a + 1]! ^ S[s + 4]!) >>> 0,
      (acc[a]! ^ S[s]!) >>> 0,
      (acc[a + 3]! ^ S[s + 12]!) >>> 0,
      (acc[a + 2]! ^ S[s + 8]!) >>> 0,
    )
    const l = sumL + L
    sumH = (sumH + H + (l > 0xffffffff ? 1 : 0)) >>> 0
    sumL = l >>> 0
  }
  avalanche(sumH, sumL, preview)
}

function bswap(x: number): number {
  return ((x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24)) >>> 0
}

/** Stable XXH3, 64 bits, of `d[p .. p + n)` into {@link hash64}. */
export function xxh3(d: Uint8Array, p: number, n: number): void {
  if (n > 240) longInput(d, p, n, false)
  else if (n > 128) length129To240(d, p, n, false)
  else if (n > 16) length17To128(d, p, n, false)
  else if (n > 8) {
    const ll = (word(d, p) ^ S[24]! ^ S[32]!) >>> 0
    const lh = (word(d, p + 4) ^ S[28]! ^ S[36]!) >>> 0
    const hl = (word(d, p + n - 8) ^ S[40]! ^ S[48]!) >>> 0
    const hh = (word(d, p + n - 4) ^ S[44]! ^ S[52]!) >>> 0
    fold(lh, ll, hh, hl)
    const low = n + bswap(lh) + hl + L
    const high = bswap(ll) + hh + H + Math.floor(low / 0x100000000)
    avalanche(high >>> 0, low >>> 0, false)
  } else if (n > 3) {
    const first = word(d, p)
    const last = word(d, p + n - 4)
    const kl = (last ^ S[8]! ^ S[16]!) >>> 0
    const kh = (first ^ S[12]! ^ S[20]!) >>> 0
    const l49 = ((kl << 17) | (kh >>> 15)) >>> 0 // rotl 49 = swap halves, then rotl 17
    const h49 = ((kh << 17) | (kl >>> 15)) >>> 0
    const l24 = ((kl << 24) | (kh >>> 8)) >>> 0
    const h24 = ((kh << 24) | (kl >>> 8)) >>> 0
    mul((kh ^ l49 ^ h24) >>> 0, (kl ^ h49 ^ l24) >>> 0, 0x9fb21c65, 0x1e98df25)
    const shifted = (H >>> 3) + n // k >> 35 lies in the low half
    mul(H, (L ^ shifted) >>> 0, 0x9fb21c65, 0x1e98df25)
    hash64.lo = (L ^ ((H << 4) | (L >>> 28))) >>> 0
    hash64.hi = (H ^ (H >>> 28)) >>> 0
  } else if (n > 0) {
    const c = (d[p]! << 16) | (d[p + (n >> 1)]! << 24) | d[p + n - 1]! | (n << 8)
    avalanche64(0, (c ^ S[0]! ^ S[4]!) >>> 0)
  } else {
    avalanche64((S[60]! ^ S[68]!) >>> 0, (S[56]! ^ S[64]!) >>> 0)
  }
}

/** Preview XXH3 ("XXPH3"), 64 bits, of `d[p .. p + n)` into {@link hash64}: the hash of user keys in filters. */
export function xxph3(d: Uint8Array, p: number, n: number): void {
  if (n > 240) longInput(d, p, n, true)
  else if (n > 128) length129To240(d, p, n, true)
  else if (n > 16) length17To128(d, p, n, true)
  else if (n > 8) {
    const ll = (word(d, p) ^ S[0]!) >>> 0
    const lh = (word(d, p + 4) ^ S[4]!) >>> 0
    const hl = (word(d, p + n - 8) ^ S[8]!) >>> 0
    const hh = (word(d, p + n - 4) ^ S[12]!) >>> 0
    fold(lh, ll, hh, hl)
    const low = n + ll + hl + L
    const high = lh + hh + H + Math.floor(low / 0x100000000)
    avalanche(high >>> 0, low >>> 0, true)
  } else if (n > 3) {
    let l = (word(d, p) ^ S[0]!) >>> 0
    let h = (word(d, p + n - 4) ^ S[4]!) >>> 0
    l = (l ^ (h >>> 19)) >>> 0 // k ^ k >> 51
    mul(h, l, 0, 0x9e3779b1)
    l = L + n
    h = (H + (l > 0xffffffff ? 1 : 0)) >>> 0
    l = (l ^ (h >>> 15)) >>> 0 // m ^ m >> 47
    mul(h, l, 0xc2b2ae3d, 0x27d4eb4f)
    avalanche(H, L, true)
  } else if (n > 0) {
    const c = d[p]! | (d[p + (n >> 1)]! << 8) | (d[p + n - 1]! << 16) | (n << 24)
    mul(0, (c ^ S[0]!) >>> 0, 0x9e3779b1, 0x85ebca87)
    avalanche(H, L, true)
  } else {
    fold(S[4]!, S[0]!, 0xc2b2ae3d, 0x27d4eb4f)
    hash64.hi = H
    hash64.lo = L
  }
}
