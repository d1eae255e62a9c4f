import { CorruptionError } from '../errors.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { copyRange } from '../bytes/copy.ts'
import { varintLength, writeVarint } from '../bytes/varint.ts'
import { kernels } from '../wasm/kernels.ts'
import type { Codec, CompressOptions } from './codec.ts'

// Snappy raw blocks. Format: google/snappy, "format_description.txt": varint length, then elements whose low two tag
// bits say literal (0) or copy with 1, 2 or 4 bytes of offset (1, 2, 3).
//
// Own code, because the packages on npm that are not native check neither the final length nor every offset:
// damage would come back as data.

const hashBits = 14
const maxFragmentBytes = 1 << 16
const minMatchInputBytes = 15

function hashAt(data: Uint8Array, i: number): number {
  const word = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
  return Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits)
}

function sameFour(data: Uint8Array, a: number, b: number): boolean {
  return (
    data[a] === data[b] &&
    data[a + 1] === data[b + 1] &&
    data[a + 2] === data[b + 2] &&
    data[a + 3] === data[b + 3]
  )
}

function emitLiteral(
  data: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  o: number,
): number {
  const n = end - start - 1
  if (n < 60) {
    out[o++] = n << 2
  } else if (n < 0x100) {
    out[o++] = 60 << 2
    out[o++] = n
  } else {
    // A literal never exceeds a fragment of 64 KiB, so two length bytes suffice.
    out[o++] = 61 << 2
    out[o++] = n
    out[o++] = n >>> 8
  }
  out.set(data.subarray(start, end), o)
  return o + n + 1
}

function emitCopy(offset: number, length: number, out: Uint8Array, o: number): number {
  while (length > 0) {
    if (length >= 4 && length < 12 && offset < 2048) {
      out[o++] = 1 | ((length - 4) << 2) | ((offset >>> 8) << 5)
      out[o++] = offset
      return o
    }
    // Leave at least four bytes for the last copy so that it can take the short form.
    const n = length > 67 ? 64 : length > 64 ? 60 : length
    out[o++] = 2 | ((n - 1) << 2)
    out[o++] = offset
    out[o++] = offset >>> 8
    length -= n
  }
  return o
}

function compressFragment(
  data: Uint8Array,
  start: number,
  end: number,
  table: Uint16Array,
  out: Uint8Array,
  o: number,
): number {
  let literalStart = start
  if (end - start >= minMatchInputBytes) {
    table.fill(0)
    const limit = end - minMatchInputBytes
    let i = start + 1
    let misses = 32
    while (i <= limit) {
      const h = hashAt(data, i)
      const candidate = start + table[h]!
      table[h] = i - start
      if (!sameFour(data, candidate, i)) {
        i += misses++ >>> 5
        continue
      }
      if (literalStart < i) o = emitLiteral(data, literalStart, i, out, o)
      let match = i + 4
      let from = candidate + 4
      while (match < end && data[match] === data[from]) {
        match++
        from++
      }
      o = emitCopy(i - candidate, match - i, out, o)
      i = match
      literalStart = i
      misses = 32
      if (i <= limit) table[hashAt(data, i - 1)] = i - 1 - start
    }
  }
  return literalStart < end ? emitLiteral(data, literalStart, end, out, o) : o
}

/** Greatest size of the elements that `sizeBytes` become. */
function bound(sizeBytes: number): number {
  return sizeBytes + Math.ceil(sizeBytes / 6) + 32
}

function compress(data: Uint8Array, options?: CompressOptions): Uint8Array {
  const { length } = data
  if (kernels === undefined || !kernels.reserve(length + bound(length))) return compressPlain(data)
  const { heap, exports, bytes } = kernels
  copyRange(data, 0, length, bytes, heap)
  const from = heap + length
  const end = exports.snappyEncode(heap, from, from)
  const prefix = varintLength(length)
  const out = roomFor(prefix + end - from, options?.target)
  writeVarint(out, 0, length)
  copyRange(bytes, from, end, out, prefix)
  return out
}

function compressPlain(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(varintLength(data.length) + bound(data.length))
  let o = writeVarint(out, 0, data.length)
  const table = new Uint16Array(1 << hashBits)
  for (let start = 0; start < data.length; start += maxFragmentBytes) {
    o = compressFragment(
      data,
      start,
      Math.min(start + maxFragmentBytes, data.length),
      table,
      out,
      o,
    )
  }
  return out.subarray(0, o)
}

function decode(
  data: Uint8Array,
  maxSizeBytes: number,
  plain: boolean,
  target?: Uint8Array,
): Uint8Array {
  const reader = new ByteReader(data)
  const size = reader.varint32()
  if (size > maxSizeBytes) {
    throw new CorruptionError(`snappy block of ${size} bytes exceeds the bound of ${maxSizeBytes}`)
  }
  const start = reader.position
  const input = data.length - start
  if (!plain && kernels?.reserve(input + size) === true) {
    const { heap, exports, bytes } = kernels
    copyRange(data, start, data.length, bytes, heap)
    const from = heap + input
    if (exports.snappyDecode(heap, from, from, from + size) !== 0) return fail()
    const out = roomFor(size, target)
    copyRange(bytes, from, from + size, out, 0)
    return out
  }
  const out = roomFor(size, target)
  const end = data.length
  let i = start
  let o = 0
  while (i < end) {
    const tag = data[i++]!
    const kind = tag & 3
    let length = (tag >>> 2) + 1
    if (kind === 0) {
      if (length > 60) {
        const lengthBytes = length - 60
        if (i + lengthBytes > end) return fail()
        length = 1
        for (let b = 0; b < lengthBytes; b++) length += data[i++]! * 2 ** (8 * b)
      }
      if (i + length > end || o + length > size) return fail()
      if (length <= 16) for (let n = 0; n < length; n++) out[o + n] = data[i + n]!
      else out.set(data.subarray(i, i + length), o)
      i += length
      o += length
      continue
    }
    let offset: number
    if (kind === 1) {
      if (i + 1 > end) return fail()
      length = ((tag >>> 2) & 7) + 4
      offset = ((tag >>> 5) << 8) | data[i++]!
    } else if (kind === 2) {
      if (i + 2 > end) return fail()
      offset = data[i]! | (data[i + 1]! << 8)
      i += 2
    } else {
      if (i + 4 > end) return fail()
      offset = (data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)) >>> 0
      i += 4
    }
    if (offset === 0 || offset > o || o + length > size) return fail()
    for (let n = 0; n < length; n++, o++) out[o] = out[o - offset]!
  }
  if (i !== end || o !== size) return fail()
  return out
}

function roomFor(size: number, target: Uint8Array | undefined): Uint8Array {
  return target !== undefined && target.length >= size
    ? target.subarray(0, size)
    : new Uint8Array(size)
}

function fail(): never {
  throw new CorruptionError('snappy block is malformed')
}

/** Snappy, raw block format. */
export const snappyCodec: Codec = {
  name: 'snappy',
  compress,
  decompress: (data, maxSizeBytes, target) => decode(data, maxSizeBytes, false, target),
}

/** {@link snappyCodec} without WebAssembly. */
export const plainSnappyCodec: Codec = {
  name: 'snappy',
  compress: compressPlain,
  decompress: (data, maxSizeBytes, target) => decode(data, maxSizeBytes, true, target),
}
