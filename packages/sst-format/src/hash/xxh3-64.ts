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

import { signedMultiplyHigh32 } from './multiply.ts'
import { SECRET_WORDS as S, XXH3_SECRET } from './secret.ts'

/** Result register: `hi` and `lo` are the unsigned halves of the last hash computed. */
export const hash64: { hi: number; lo: number } = { hi: 0, lo: 0 }

/**
 * Registers of the 64-bit helpers below, halves as signed integers: high and low half of the last product, and of the sum of the
 * length classes above 16 bytes. In an array, because variables of a module hold numbers above 2^30 as objects, a new one for each
 * assignment: that cost more than the arithmetic.
 */
const R = new Int32Array(4)
const H = 0
const L = 1
const SUM_H = 2
const SUM_L = 3

/** What is carried out of 32 bits where `a + b` gives `sum`. */
function carry(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31
}

/** Product = low 64 bits of a × b. */
function mul(ah: number, al: number, bh: number, bl: number): void {
  R[H] = signedMultiplyHigh32(al, bl) + Math.imul(ah, bl) + Math.imul(al, bh)
  R[L] = Math.imul(al, bl)
}

/**
 * Hot. Product = low 64 bits xor high 64 bits of the 128-bit product a × b, by columns of 16 bits: a product of two limbs, a limb
 * and what is carried from the limb before are below 2^32 together.
 */
function fold(ah: number, al: number, bh: number, bl: number): void {
  const a0 = al & 0xffff
  const a1 = al >>> 16
  const a2 = ah & 0xffff
  const a3 = ah >>> 16
  const b0 = bl & 0xffff
  const b1 = bl >>> 16
  const b2 = bh & 0xffff
  const b3 = bh >>> 16
  let t = Math.imul(a0, b0)
  const r0 = t & 0xffff
  t = (Math.imul(a1, b0) + (t >>> 16)) | 0
  let r1 = t & 0xffff
  t = (Math.imul(a2, b0) + (t >>> 16)) | 0
  let r2 = t & 0xffff
  t = (Math.imul(a3, b0) + (t >>> 16)) | 0
  let r3 = t & 0xffff
  let r4 = t >>> 16
  t = (Math.imul(a0, b1) + r1) | 0
  r1 = t & 0xffff
  t = (Math.imul(a1, b1) + r2 + (t >>> 16)) | 0
  r2 = t & 0xffff
  t = (Math.imul(a2, b1) + r3 + (t >>> 16)) | 0
  r3 = t & 0xffff
  t = (Math.imul(a3, b1) + r4 + (t >>> 16)) | 0
  r4 = t & 0xffff
  let r5 = t >>> 16
  t = (Math.imul(a0, b2) + r2) | 0
  r2 = t & 0xffff
  t = (Math.imul(a1, b2) + r3 + (t >>> 16)) | 0
  r3 = t & 0xffff
  t = (Math.imul(a2, b2) + r4 + (t >>> 16)) | 0
  r4 = t & 0xffff
  t = (Math.imul(a3, b2) + r5 + (t >>> 16)) | 0
  r5 = t & 0xffff
  const r6 = t >>> 16
  t = (Math.imul(a0, b3) + r3) | 0
  r3 = t & 0xffff
  t = (Math.imul(a1, b3) + r4 + (t >>> 16)) | 0
  r4 = t & 0xffff
  t = (Math.imul(a2, b3) + r5 + (t >>> 16)) | 0
  r5 = t & 0xffff
  t = (Math.imul(a3, b3) + r6 + (t >>> 16)) | 0
  R[L] = (r0 | (r1 << 16)) ^ (r4 | (r5 << 16))
  R[H] = (r2 | (r3 << 16)) ^ t
}

function word(d: Uint8Array, i: number): number {
  return d[i]! | (d[i + 1]! << 8) | (d[i + 2]! << 16) | (d[i + 3]! << 24)
}

/** Product = fold(in[p..p+16] xor secret[s..s+16]). */
function mix(d: Uint8Array, p: number, s: number): void {
  fold(
    word(d, p + 4) ^ S[s + 4]!,
    word(d, p) ^ S[s]!,
    word(d, p + 12) ^ S[s + 12]!,
    word(d, p + 8) ^ S[s + 8]!,
  )
}

/** Sum += product. */
function addProduct(): void {
  const before = R[SUM_L]!
  const product = R[L]!
  const low = (before + product) | 0
  R[SUM_L] = low
  R[SUM_H] = R[SUM_H]! + R[H]! + carry(before, product, low)
}

function addMix(d: Uint8Array, p: number, s: number): void {
  mix(d, p, s)
  addProduct()
}

/** Sum = n × PRIME64_1. */
function beginSum(n: number): void {
  mul(Math.floor(n / 0x1_0000_0000), n | 0, 0x9e3779b1, 0x85ebca87)
  R[SUM_H] = R[H]!
  R[SUM_L] = R[L]!
}

/** Result = (h, l) with its high half mixed into the low one. */
function setResult(h: number, l: number): void {
  hash64.hi = h >>> 0
  hash64.lo = (l ^ h) >>> 0
}

/** h ^= h >> 37; h *= prime; h ^= h >> 32. The prime is PRIME_MX1 (stable) or PRIME64_3 (preview). */
function avalanche(h: number, l: number, preview: boolean): void {
  l ^= h >>> 5
  if (preview) mul(h, l, 0x165667b1, 0x9e3779f9)
  else mul(h, l, 0x16566791, 0x9e3779f9)
  setResult(R[H]!, R[L]!)
}

/** XXH64's avalanche, used by the stable variant below four bytes. */
function avalanche64(h: number, l: number): void {
  mul(h, l ^ (h >>> 1), 0xc2b2ae3d, 0x27d4eb4f)
  h = R[H]!
  l = R[L]!
  mul(h ^ (h >>> 29), l ^ ((h << 3) | (l >>> 29)), 0x165667b1, 0x9e3779f9)
  setResult(R[H]!, R[L]!)
}

function length17To128(d: Uint8Array, p: number, n: number, preview: boolean): void {
  beginSum(n)
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
  avalanche(R[SUM_H]!, R[SUM_L]!, preview)
}

function length129To240(d: Uint8Array, p: number, n: number, preview: boolean): void {
  beginSum(n)
  for (let i = 0; i < 8; i++) addMix(d, p + 16 * i, 16 * i)
  avalanche(R[SUM_H]!, R[SUM_L]!, preview)
  R[SUM_H] = hash64.hi
  R[SUM_L] = hash64.lo
  const rounds = n >>> 4
  for (let i = 8; i < rounds; i++) addMix(d, p + 16 * i, 16 * (i - 8) + 3)
  addMix(d, p + n - 16, 119)
  avalanche(R[SUM_H]!, R[SUM_L]!, preview)
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
    const vl = word(d, at) >>> 0
    const vh = word(d, at + 4) >>> 0
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
    acc[i + 1] = signedMultiplyHigh32(xl, 0x9e3779b1) + Math.imul(xh, 0x9e3779b1)
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
  beginSum(n)
  for (let i = 0; i < 4; i++) {
    const a = i * 4
    const s = 11 + i * 16
    fold(
      acc[a + 1]! ^ S[s + 4]!,
      acc[a]! ^ S[s]!,
      acc[a + 3]! ^ S[s + 12]!,
      acc[a + 2]! ^ S[s + 8]!,
    )
    addProduct()
  }
  avalanche(R[SUM_H]!, R[SUM_L]!, preview)
}

function bswap(x: number): number {
  return (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24)
}

/** Result of the lengths 9 to 16: the product plus (low half a, high half b) plus (c, d), mixed. */
function finishShort(a: number, b: number, c: number, d: number, preview: boolean): void {
  const first = (a + c) | 0
  const product = R[L]!
  const low = (first + product) | 0
  const high = b + d + R[H]! + carry(a, c, first) + carry(first, product, low)
  avalanche(high | 0, low, preview)
}

/** Stable XXH3, 64 bits, of `d[p .. p + n)` into {@link hash64}. */
export function xxh3(d: Uint8Array, p: number, n: number): void {
  if (n > 240) longInput(d, p, n, false)
  else if (n > 128) length129To240(d, p, n, false)
  else if (n > 16) length17To128(d, p, n, false)
  else if (n > 8) {
    const ll = word(d, p) ^ S[24]! ^ S[32]!
    const lh = word(d, p + 4) ^ S[28]! ^ S[36]!
    const hl = word(d, p + n - 8) ^ S[40]! ^ S[48]!
    const hh = word(d, p + n - 4) ^ S[44]! ^ S[52]!
    fold(lh, ll, hh, hl)
    const low = (bswap(lh) + n) | 0
    finishShort(low, bswap(ll) + carry(bswap(lh), n, low), hl, hh, false)
  } else if (n > 3) {
    const first = word(d, p)
    const last = word(d, p + n - 4)
    const kl = last ^ S[8]! ^ S[16]!
    const kh = first ^ S[12]! ^ S[20]!
    const l49 = (kl << 17) | (kh >>> 15) // rotl 49 = swap halves, then rotl 17
    const h49 = (kh << 17) | (kl >>> 15)
    const l24 = (kl << 24) | (kh >>> 8)
    const h24 = (kh << 24) | (kl >>> 8)
    mul(kh ^ l49 ^ h24, kl ^ h49 ^ l24, 0x9fb21c65, 0x1e98df25)
    const shifted = ((R[H]! >>> 3) + n) | 0 // k >> 35 lies in the low half
    mul(R[H]!, R[L]! ^ shifted, 0x9fb21c65, 0x1e98df25)
    const h = R[H]!
    const l = R[L]!
    hash64.lo = (l ^ ((h << 4) | (l >>> 28))) >>> 0
    hash64.hi = (h ^ (h >>> 28)) >>> 0
  } else if (n > 0) {
    const c = (d[p]! << 16) | (d[p + (n >> 1)]! << 24) | d[p + n - 1]! | (n << 8)
    avalanche64(0, c ^ S[0]! ^ S[4]!)
  } else {
    avalanche64(S[60]! ^ S[68]!, S[56]! ^ S[64]!)
  }
}

/** Preview XXH3 ("XXPH3"), 64 bits, of `d[p .. p + n)` into {@link hash64}: the hash of user keys in filters. */
export function xxph3(d: Uint8Array, p: number, n: number): void {
  if (n > 240) longInput(d, p, n, true)
  else if (n > 128) length129To240(d, p, n, true)
  else if (n > 16) length17To128(d, p, n, true)
  else if (n > 8) {
    const ll = word(d, p) ^ S[0]!
    const lh = word(d, p + 4) ^ S[4]!
    const hl = word(d, p + n - 8) ^ S[8]!
    const hh = word(d, p + n - 4) ^ S[12]!
    fold(lh, ll, hh, hl)
    const low = (ll + n) | 0
    finishShort(low, lh + carry(ll, n, low), hl, hh, true)
  } else if (n > 3) {
    let l = word(d, p) ^ S[0]!
    let h = word(d, p + n - 4) ^ S[4]!
    l ^= h >>> 19 // k ^ k >> 51
    mul(h, l, 0, 0x9e3779b1)
    const product = R[L]!
    l = (product + n) | 0
    h = (R[H]! + carry(product, n, l)) | 0
    l ^= h >>> 15 // m ^ m >> 47
    mul(h, l, 0xc2b2ae3d, 0x27d4eb4f)
    avalanche(R[H]!, R[L]!, true)
  } else if (n > 0) {
    const c = d[p]! | (d[p + (n >> 1)]! << 8) | (d[p + n - 1]! << 16) | (n << 24)
    mul(0, c ^ S[0]!, 0x9e3779b1, 0x85ebca87)
    avalanche(R[H]!, R[L]!, true)
  } else {
    fold(S[4]!, S[0]!, 0xc2b2ae3d, 0x27d4eb4f)
    hash64.hi = R[H]! >>> 0
    hash64.lo = R[L]! >>> 0
  }
}
