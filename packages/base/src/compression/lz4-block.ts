import { CorruptionError } from '../errors.ts'
import { copyRange } from '../bytes/copy.ts'
import { kernels } from '../wasm/kernels.ts'
import type { Codec } from './codec.ts'

// LZ4 blocks. Format: lz4/lz4, "lz4_Block_format.md": sequences of token (literal length : 4, match length - 4 : 4),
// literals, 2-byte offset. The last five bytes are literals and the last match starts at least twelve bytes before the end.
//
// Own code: the pure packages on npm return damaged blocks as data.

const hashBits = 14
const minMatch = 4
const lastLiterals = 5
const matchFindLimit = 12
const maxOffset = 0xffff

function hashAt(data: Uint8Array, i: number): number {
  const word = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
  return Math.imul(word, 0x9e3779b1) >>> (32 - hashBits)
}

function writeLength(out: Uint8Array, o: number, length: number): number {
  for (; length >= 255; length -= 255) out[o++] = 255
  out[o++] = length
  return o
}

function emitLiterals(
  data: Uint8Array,
  start: number,
  end: number,
  matchNibble: number,
  out: Uint8Array,
  o: number,
): number {
  const length = end - start
  out[o++] = (Math.min(length, 15) << 4) | matchNibble
  if (length >= 15) o = writeLength(out, o, length - 15)
  out.set(data.subarray(start, end), o)
  return o + length
}

/** Writes the literals `data[anchor, i)` and a match at `offset` back; returns where `out` goes on. */
export function emitSequence(
  data: Uint8Array,
  anchor: number,
  i: number,
  offset: number,
  matchLength: number,
  out: Uint8Array,
  o: number,
): number {
  const extra = matchLength - minMatch
  o = emitLiterals(data, anchor, i, Math.min(extra, 15), out, o)
  out[o++] = offset
  out[o++] = offset >>> 8
  return extra >= 15 ? writeLength(out, o, extra - 15) : o
}

/** Writes the literals that end a block. */
export function emitTail(
  data: Uint8Array,
  anchor: number,
  end: number,
  out: Uint8Array,
  o: number,
): number {
  return emitLiterals(data, anchor, end, 0, out, o)
}

/** Greatest size of the block that compresses `sizeBytes`. */
export function lz4BlockBound(sizeBytes: number): number {
  return sizeBytes + Math.ceil(sizeBytes / 255) + 16
}

/**
 * Compresses `data[start, data.length)` into `out` at 0, which has room for {@link lz4BlockBound}; returns the size of the
 * block. What stands before `start` is a dictionary: matches may reach back into its last 64 KiB.
 */
export function compressLz4Block(data: Uint8Array, out: Uint8Array, start: number = 0): number {
  const { length } = data
  if (start > 0 || kernels?.reserve(length + lz4BlockBound(length)) !== true)
    return compressLz4BlockPlain(data, out, start)
  const { heap, exports, bytes } = kernels
  copyRange(data, 0, length, bytes, heap)
  const from = heap + length
  const end = exports.lz4Encode(heap, from, from)
  copyRange(bytes, from, end, out, 0)
  return end - from
}

/** {@link compressLz4Block} without WebAssembly. */
export function compressLz4BlockPlain(data: Uint8Array, out: Uint8Array, start: number): number {
  const end = data.length
  let o = 0
  let anchor = start
  if (end - start > matchFindLimit) {
    // Positions plus one, so that zero means none.
    const table = new Int32Array(1 << hashBits)
    for (let i = Math.max(0, start - maxOffset); i < start; i++) table[hashAt(data, i)] = i + 1
    const limit = end - matchFindLimit
    const matchEnd = end - lastLiterals
    let i = start
    let misses = 64
    while (i <= limit) {
      const h = hashAt(data, i)
      const candidate = table[h]! - 1
      table[h] = i + 1
      if (
        candidate < 0 ||
        i - candidate > maxOffset ||
        data[candidate] !== data[i] ||
        data[candidate + 1] !== data[i + 1] ||
        data[candidate + 2] !== data[i + 2] ||
        data[candidate + 3] !== data[i + 3]
      ) {
        i += misses++ >>> 6
        continue
      }
      let match = i + minMatch
      let from = candidate + minMatch
      while (match < matchEnd && data[match] === data[from]) {
        match++
        from++
      }
      o = emitSequence(data, anchor, i, i - candidate, match - i, out, o)
      i = match
      anchor = i
      misses = 64
    }
  }
  return emitTail(data, anchor, end, out, o)
}

/**
 * Decompresses the block `data[start, end)` into `out` from `position`, where matches may reach back to `out[0]`;
 * returns the position after the last byte.
 *
 * @throws CorruptionError when the block is malformed or does not fit
 */
export function decompressLz4Block(
  data: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  position: number,
): number {
  const input = end - start
  const room = out.length - position
  // What the block may reach back to would have to be copied too.
  if (position > 0 || kernels?.reserve(input + room) !== true)
    return decompressLz4BlockPlain(data, start, end, out, position)
  const { heap, exports, bytes } = kernels
  copyRange(data, start, end, bytes, heap)
  const from = heap + input
  const size = exports.lz4Decode(heap, from, from, from, from + room)
  if (size < 0) return fail()
  copyRange(bytes, from, from + size, out, 0)
  return size
}

/** {@link decompressLz4Block} without WebAssembly. */
export function decompressLz4BlockPlain(
  data: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  position: number,
): number {
  const capacity = out.length
  let i = start
  let o = position
  while (i < end) {
    const token = data[i++]!
    let length = token >>> 4
    if (length === 15) {
      let more: number
      do {
        if (i >= end) return fail()
        more = data[i++]!
        length += more
      } while (more === 255)
    }
    if (i + length > end || o + length > capacity) return fail()
    if (length <= 16) for (let n = 0; n < length; n++) out[o + n] = data[i + n]!
    else out.set(data.subarray(i, i + length), o)
    i += length
    o += length
    if (i === end) return o

    if (i + 2 > end) return fail()
    const offset = data[i]! | (data[i + 1]! << 8)
    i += 2
    length = (token & 15) + minMatch
    if (length === 15 + minMatch) {
      let more: number
      do {
        if (i >= end) return fail()
        more = data[i++]!
        length += more
      } while (more === 255)
    }
    if (offset === 0 || offset > o || o + length > capacity) return fail()
    for (let n = 0; n < length; n++, o++) out[o] = out[o - offset]!
  }
  return fail()
}

function fail(): never {
  throw new CorruptionError('lz4 block is malformed or exceeds its bound')
}

/** LZ4, raw block format. */
export const lz4Codec: Codec = {
  name: 'lz4',
  compress(data, options) {
    const bound = lz4BlockBound(data.length)
    const target = options?.target
    const out = target !== undefined && target.length >= bound ? target : new Uint8Array(bound)
    return out.subarray(0, compressLz4Block(data, out))
  },
  decompress(data, maxSizeBytes, target) {
    const out =
      target !== undefined && target.length >= maxSizeBytes
        ? target.subarray(0, maxSizeBytes)
        : new Uint8Array(maxSizeBytes)
    const size = decompressLz4Block(data, 0, data.length, out, 0)
    return size === maxSizeBytes ? out : out.subarray(0, size)
  },
}
