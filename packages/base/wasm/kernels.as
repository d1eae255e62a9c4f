// The inner loops of checksums and block codecs, compiled to WebAssembly. AssemblyScript; `npm run build:wasm -w packages/base`
// compiles this file into `src/wasm/kernels-module.ts`.
//
// All functions work on ranges of the linear memory. Below `heapBase` lie the tables that `init` fills; callers use what is
// above. Nothing allocates. Decoders check every length and offset: they return -1 for malformed input and never touch
// memory outside the ranges given to them.

const crcTables: usize = 1024 // 8 tables of 256 words: slicing by 8
const crcShift: usize = crcTables + 8 * 1024 // 4 tables of 256 words: a checksum moved on by `stripe` bytes
const hashTable: usize = crcShift + 4 * 1024 // 2^14 positions of 16 bits, of 32 for LZ4
const secretAt: usize = hashTable + 65536 // XXH3's secret, 192 bytes
const accumulators: usize = secretAt + 256
const repeats: usize = accumulators + 64 // 16 masks of 16 bytes: mask n repeats the first n bytes of a vector
export const heapBase: usize = 81920

const stripe: usize = 256

export function init(): void {
  for (let period: usize = 1; period < 16; period++)
    for (let i: usize = 0; i < 16; i++) store<u8>(repeats + (period << 4) + i, (i % period) as u8)
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
    store<u32>(crcTables + (byte << 2), crc)
  }
  for (let i: u32 = 256; i < 2048; i++) {
    const previous = load<u32>(crcTables + ((i - 256) << 2))
    store<u32>(crcTables + (i << 2), (previous >> 8) ^ load<u32>(crcTables + ((previous & 255) << 2)))
  }
  // Moving on is linear: the tables follow from what `stripe` zero bytes make of each single bit.
  for (let position: u32 = 0; position < 4; position++) {
    for (let bit: u32 = 0; bit < 8; bit++) {
      let crc: u32 = 1 << ((position << 3) + bit)
      for (let i: usize = 0; i < stripe; i++)
        crc = (crc >> 8) ^ load<u32>(crcTables + ((crc & 255) << 2))
      const table = crcShift + (position << 10)
      store<u32>(table, 0)
      const step: u32 = 1 << bit
      for (let low: u32 = 0; low < step; low++)
        store<u32>(table + ((step + low) << 2), load<u32>(table + (low << 2)) ^ crc)
    }
  }
}

// CRC-32C, slicing by 8 (Kounavis and Berry, 2008).

// @ts-ignore: decorator
@inline
function crc8(crc: u32, at: usize): u32 {
  const word = load<u64>(at) ^ (crc as u64)
  const low = word as u32
  const high = (word >> 32) as u32
  return (
    load<u32>(crcTables + 7168 + ((low & 255) << 2)) ^
    load<u32>(crcTables + 6144 + (((low >> 8) & 255) << 2)) ^
    load<u32>(crcTables + 5120 + (((low >> 16) & 255) << 2)) ^
    load<u32>(crcTables + 4096 + ((low >> 24) << 2)) ^
    load<u32>(crcTables + 3072 + ((high & 255) << 2)) ^
    load<u32>(crcTables + 2048 + (((high >> 8) & 255) << 2)) ^
    load<u32>(crcTables + 1024 + (((high >> 16) & 255) << 2)) ^
    load<u32>(crcTables + ((high >> 24) << 2))
  )
}

// @ts-ignore: decorator
@inline
function crcMoveOn(crc: u32): u32 {
  return (
    load<u32>(crcShift + ((crc & 255) << 2)) ^
    load<u32>(crcShift + 1024 + (((crc >> 8) & 255) << 2)) ^
    load<u32>(crcShift + 2048 + (((crc >> 16) & 255) << 2)) ^
    load<u32>(crcShift + 3072 + ((crc >> 24) << 2))
  )
}

// Folding: a multiple of the polynomial with few terms, x^52 + x^50 + x^40 + x^32 + x^27 + x^25 + x^21 + x^10 + x^2 + 1, stays one
// when x becomes x^128, because squaring modulo 2 only doubles exponents. So a block of 16 bytes is worth nine copies of it, these
// many blocks further on: 2, 12, 20, 25, 27, 31, 42, 50, 52. All but the last 52 blocks go that way, many times as fast as by tables.
// After "Chorba: A novel CRC32 implementation", 2024, which folds by another polynomial.
const foldedBlocks: usize = 52
const foldedBytes: usize = foldedBlocks << 4
const minFolded: usize = 2048

// @ts-ignore: decorator
@inline
function foldedInto(base: usize): v128 {
  return v128.xor(
    v128.xor(
      v128.xor(v128.load(base, 640), v128.load(base, 512)),
      v128.xor(v128.load(base, 432), v128.load(base, 400)),
    ),
    v128.xor(
      v128.xor(v128.load(base, 336), v128.load(base, 160)),
      v128.xor(v128.load(base, 32), v128.load(base)),
    ),
  )
}

// @ts-ignore: decorator
@inline
function foldTail(tail: usize, distance: usize): void {
  const stop = tail + (distance << 4)
  for (let to = tail; to < stop; to += 16)
    v128.store(to, v128.xor(v128.load(to), v128.load(to - (distance << 4))))
}

/** Folds an even number of blocks from `at` into what follows; 832 bytes before are taken, too. */
function fold(at: usize, blocks: usize): void {
  memory.fill(at - foldedBytes, 0, foldedBytes)
  let a = i64x2.splat(0)
  let b = i64x2.splat(0)
  const tail = at + (blocks << 4)
  for (let base = at - foldedBytes; at < tail; at += 32, base += 32) {
    a = v128.xor(v128.xor(v128.load(at), a), foldedInto(base))
    v128.store(at, a)
    b = v128.xor(v128.xor(v128.load(at, 16), b), foldedInto(base + 16))
    v128.store(at, b, 16)
  }
  foldTail(tail, 2)
  foldTail(tail, 12)
  foldTail(tail, 20)
  foldTail(tail, 25)
  foldTail(tail, 27)
  foldTail(tail, 31)
  foldTail(tail, 42)
  foldTail(tail, 50)
  foldTail(tail, 52)
}

/** Changes the input, and 832 bytes before it. */
export function crc32c(at: usize, length: usize, seed: u32): u32 {
  let crc = ~seed
  const end = at + length
  if (length >= minFolded) {
    store<u32>(at, load<u32>(at) ^ crc)
    crc = 0
    const blocks = ((length >> 4) - foldedBlocks) & ~1
    fold(at, blocks)
    at += blocks << 4
  }
  // Three stripes side by side: one alone waits for its own loads.
  while (at + 3 * stripe <= end) {
    let b: u32 = 0
    let c: u32 = 0
    const stop = at + stripe
    while (at < stop) {
      crc = crc8(crc, at)
      b = crc8(b, at + stripe)
      c = crc8(c, at + 2 * stripe)
      at += 8
    }
    crc = crcMoveOn(crcMoveOn(crc) ^ b) ^ c
    at += 2 * stripe
  }
  while (at + 8 <= end) {
    crc = crc8(crc, at)
    at += 8
  }
  while (at < end) {
    crc = (crc >> 8) ^ load<u32>(crcTables + (((crc ^ load<u8>(at)) & 255) << 2))
    at++
  }
  return ~crc
}

// XXH3, the loop over 64-byte stripes of inputs above 240 bytes; `secretAt` holds the secret, `accumulators` the eight lanes.
// Source: xxHash, XXH3 specification.

// @ts-ignore: decorator
@inline
function accumulate(acc: v128, at: usize, secret: usize): v128 {
  const data = v128.load(at)
  const key = v128.xor(data, v128.load(secret))
  // low32(key) × high32(key), and the input added to the neighbouring lane
  const swapped = v128.shuffle<u64>(data, data, 1, 0)
  const low = v128.shuffle<u32>(key, key, 0, 2, 0, 2)
  const high = v128.shuffle<u32>(key, key, 1, 3, 1, 3)
  return i64x2.add(i64x2.add(acc, swapped), i64x2.extmul_low_i32x4_u(low, high))
}

// @ts-ignore: decorator
@inline
function scramble(acc: v128, secret: usize): v128 {
  const mixed = v128.xor(v128.xor(acc, i64x2.shr_u(acc, 47)), v128.load(secret))
  return i64x2.mul(mixed, i64x2.splat(0x9e3779b1))
}

/** Consumes the input into the accumulators, which hold the start values before. */
export function xxh3Accumulate(at: usize, length: usize): void {
  let a = v128.load(accumulators)
  let b = v128.load(accumulators + 16)
  let c = v128.load(accumulators + 32)
  let d = v128.load(accumulators + 48)
  const blocks = (length - 1) >> 10
  const end = at + length
  for (let block: usize = 0; block < blocks; block++) {
    let secret = secretAt
    for (let i = 0; i < 16; i++) {
      a = accumulate(a, at, secret)
      b = accumulate(b, at + 16, secret + 16)
      c = accumulate(c, at + 32, secret + 32)
      d = accumulate(d, at + 48, secret + 48)
      at += 64
      secret += 8
    }
    a = scramble(a, secretAt + 128)
    b = scramble(b, secretAt + 144)
    c = scramble(c, secretAt + 160)
    d = scramble(d, secretAt + 176)
  }
  let stripes = (length - 1 - (blocks << 10)) >> 6
  let secret = secretAt
  while (stripes-- > 0) {
    a = accumulate(a, at, secret)
    b = accumulate(b, at + 16, secret + 16)
    c = accumulate(c, at + 32, secret + 32)
    d = accumulate(d, at + 48, secret + 48)
    at += 64
    secret += 8
  }
  at = end - 64
  v128.store(accumulators, accumulate(a, at, secretAt + 121))
  v128.store(accumulators + 16, accumulate(b, at + 16, secretAt + 137))
  v128.store(accumulators + 32, accumulate(c, at + 32, secretAt + 153))
  v128.store(accumulators + 48, accumulate(d, at + 48, secretAt + 169))
}

export function xxh3Secret(): usize {
  return secretAt
}

export function xxh3Accumulators(): usize {
  return accumulators
}

// Copies for the decoders. `room` and `rest` say how many bytes may be written and read beyond the length.

// @ts-ignore: decorator
@inline
function copyLiteral(to: usize, from: usize, length: usize, outEnd: usize, inEnd: usize): void {
  const end = to + length
  if (length <= 256 && end + 16 <= outEnd && from + length + 16 <= inEnd) {
    do {
      v128.store(to, v128.load(from))
      to += 16
      from += 16
    } while (to < end)
    return
  }
  memory.copy(to, from, length)
}

/** Copies `length` bytes from `offset` bytes before `to`; what is copied may be what is written. */
// @ts-ignore: decorator
@inline
function copyMatch(to: usize, offset: usize, length: usize, outEnd: usize): void {
  let from = to - offset
  const end = to + length
  if (end + 16 > outEnd) {
    while (to < end) store<u8>(to++, load<u8>(from++))
    return
  }
  if (offset >= 16) {
    do {
      v128.store(to, v128.load(from))
      to += 16
      from += 16
    } while (to < end)
    return
  }
  // A short period: a vector full of it is written again and again, at distances that are whole periods.
  const pattern = i8x16.swizzle(v128.load(from), v128.load(repeats + (offset << 4)))
  const step = 16 - (16 % offset)
  do {
    v128.store(to, pattern)
    to += step
  } while (to < end)
}

/** Snappy elements of `[at, end)`, behind the length, into exactly `[out, outEnd)`: 0, or -1 when they are not that. */
export function snappyDecode(at: usize, end: usize, out: usize, outEnd: usize): i32 {
  const outStart = out
  while (at < end) {
    const tag: u32 = load<u8>(at++)
    let length: usize
    if ((tag & 3) === 0) {
      length = (tag >> 2) + 1
      if (length > 60) {
        const bytes = length - 60
        if (at + bytes > end) return -1
        let n: u32 = 0
        for (let i: usize = 0; i < bytes; i++) n |= (load<u8>(at + i) as u32) << ((i as u32) << 3)
        if (n > 0x7fffffff) return -1
        at += bytes
        length = (n as usize) + 1
      }
      if (length > end - at || length > outEnd - out) return -1
      copyLiteral(out, at, length, outEnd, end)
      at += length
      out += length
      continue
    }
    let offset: usize
    if ((tag & 3) === 1) {
      if (at >= end) return -1
      length = ((tag >> 2) & 7) + 4
      offset = ((tag >> 5) << 8) | (load<u8>(at++) as u32)
    } else if ((tag & 3) === 2) {
      if (at + 2 > end) return -1
      length = (tag >> 2) + 1
      offset = load<u16>(at)
      at += 2
    } else {
      if (at + 4 > end) return -1
      length = (tag >> 2) + 1
      offset = load<u32>(at)
      at += 4
    }
    if (offset === 0 || offset > out - outStart || length > outEnd - out) return -1
    copyMatch(out, offset, length, outEnd)
    out += length
  }
  return out === outEnd ? 0 : -1
}

// @ts-ignore: decorator
@inline
function emitSnappyLiteral(from: usize, length: usize, out: usize): usize {
  const n = (length - 1) as u32
  if (n < 60) store<u8>(out++, n << 2)
  else if (n < 256) {
    store<u8>(out, 60 << 2)
    store<u8>(out + 1, n)
    out += 2
  } else {
    store<u8>(out, 61 << 2)
    store<u16>(out + 1, n as u16)
    out += 3
  }
  memory.copy(out, from, length)
  return out + length
}

// @ts-ignore: decorator
@inline
function emitSnappyCopy(offset: u32, length: u32, out: usize): usize {
  while (length > 0) {
    if (length >= 4 && length < 12 && offset < 2048) {
      store<u8>(out, 1 | ((length - 4) << 2) | ((offset >> 8) << 5))
      store<u8>(out + 1, offset)
      return out + 2
    }
    // Leave at least four bytes for the last copy so that it can take the short form.
    const n: u32 = length > 67 ? 64 : length > 64 ? 60 : length
    store<u8>(out, 2 | ((n - 1) << 2))
    store<u16>(out + 1, offset as u16)
    out += 3
    length -= n
  }
  return out
}

/** Length of the match of `a` and `b`, the later one, before `end`. */
// @ts-ignore: decorator
@inline
function matchLength(a: usize, b: usize, end: usize): usize {
  const start = b
  while (b + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b)
    if (difference !== 0) return b - start + ((ctz(difference) >> 3) as usize)
    a += 8
    b += 8
  }
  while (b < end && load<u8>(a) === load<u8>(b)) {
    a++
    b++
  }
  return b - start
}

/** Snappy elements of `[at, end)` at `out`; returns where they end. The length in front is the caller's. */
export function snappyEncode(at: usize, end: usize, out: usize): usize {
  while (at < end) {
    const stop: usize = end - at > 65536 ? at + 65536 : end
    out = snappyFragment(at, stop, out)
    at = stop
  }
  return out
}

function snappyFragment(start: usize, end: usize, out: usize): usize {
  let literal = start
  if (end - start >= 15) {
    // Small inputs need small tables, which cost less to clear.
    let bits: u32 = 8
    while (bits < 14 && (1 as u32) << bits < ((end - start) as u32)) bits++
    memory.fill(hashTable, 0, (1 << bits) << 1)
    const shift: u32 = 32 - bits
    const limit = end - 15
    let i = start + 1
    let misses: u32 = 32
    while (i <= limit) {
      const word = load<u32>(i)
      const slot = hashTable + (((word * 0x1e35a7bd) >> shift) << 1)
      const candidate = start + load<u16>(slot)
      store<u16>(slot, (i - start) as u16)
      if (load<u32>(candidate) !== word) {
        i += misses++ >> 5
        continue
      }
      if (literal < i) out = emitSnappyLiteral(literal, i - literal, out)
      const length: usize = 4 + matchLength(candidate + 4, i + 4, end)
      out = emitSnappyCopy((i - candidate) as u32, length as u32, out)
      i += length
      literal = i
      misses = 32
      if (i <= limit) {
        const before = load<u32>(i - 1)
        store<u16>(hashTable + (((before * 0x1e35a7bd) >> shift) << 1), (i - 1 - start) as u16)
      }
    }
  }
  return literal < end ? emitSnappyLiteral(literal, end - literal, out) : out
}

/**
 * LZ4 block `[at, end)` to `out`, where matches may reach back to `outStart`, and at most to `outEnd`: the length of the output, or -1.
 */
export function lz4Decode(at: usize, end: usize, outStart: usize, out: usize, outEnd: usize): i32 {
  const first = out
  while (at < end) {
    const token: u32 = load<u8>(at++)
    let length: usize = token >> 4
    if (length === 15) {
      let more: u32
      do {
        if (at >= end) return -1
        more = load<u8>(at++)
        length += more
      } while (more === 255)
    }
    if (length > end - at || length > outEnd - out) return -1
    copyLiteral(out, at, length, outEnd, end)
    at += length
    out += length
    if (at === end) return (out - first) as i32
    if (at + 2 > end) return -1
    const offset: usize = load<u16>(at)
    at += 2
    length = (token & 15) + 4
    if (length === 19) {
      let more: u32
      do {
        if (at >= end) return -1
        more = load<u8>(at++)
        length += more
      } while (more === 255)
    }
    if (offset === 0 || offset > out - outStart || length > outEnd - out) return -1
    copyMatch(out, offset, length, outEnd)
    out += length
  }
  return -1
}

// @ts-ignore: decorator
@inline
function emitLz4Length(out: usize, length: usize): usize {
  while (length >= 255) {
    store<u8>(out++, 255)
    length -= 255
  }
  store<u8>(out++, length as u32)
  return out
}

// @ts-ignore: decorator
@inline
function emitLz4Literals(from: usize, length: usize, matchNibble: u32, out: usize): usize {
  const nibble: u32 = length < 15 ? (length as u32) : 15
  store<u8>(out++, (nibble << 4) | matchNibble)
  if (length >= 15) out = emitLz4Length(out, length - 15)
  memory.copy(out, from, length)
  return out + length
}

/** LZ4 block of `[at, end)` at `out`; returns where it ends. */
export function lz4Encode(at: usize, end: usize, out: usize): usize {
  let anchor = at
  if (end - at > 12) {
    let bits: u32 = 8
    while (bits < 14 && (1 as u32) << bits < ((end - at) as u32)) bits++
    memory.fill(hashTable, 0, (1 << bits) << 2)
    const shift: u32 = 32 - bits
    const limit = end - 12
    const matchEnd = end - 5
    let misses: u32 = 64
    while (at <= limit) {
      const word = load<u32>(at)
      const slot = hashTable + (((word * 0x9e3779b1) >> shift) << 2)
      // Addresses: 0 is none.
      const candidate: usize = load<u32>(slot)
      store<u32>(slot, at as u32)
      if (candidate === 0 || at - candidate > 0xffff || load<u32>(candidate) !== word) {
        at += misses++ >> 6
        continue
      }
      const extra = matchLength(candidate + 4, at + 4, matchEnd)
      const nibble: u32 = extra < 15 ? (extra as u32) : 15
      out = emitLz4Literals(anchor, at - anchor, nibble, out)
      store<u16>(out, (at - candidate) as u16)
      out += 2
      if (extra >= 15) out = emitLz4Length(out, extra - 15)
      at += extra + 4
      anchor = at
      misses = 64
    }
  }
  return emitLz4Literals(anchor, end - anchor, 0, out)
}
