import { deflateRawSync, inflateRawSync, zstdDecompressSync } from 'node:zlib'

import { CorruptionError } from '@varve/base'

import { CompressionType } from './compression-type.ts'

/** RocksDB inflates raw streams with this window, so a writer may not use a larger one. */
const ROCKSDB_WINDOW_BITS = 14

/** The same memory without Buffer's methods, whose `slice` means something else. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

/** Raw deflate within RocksDB's window. */
export function deflateBlock(raw: Uint8Array, level: number | undefined): Uint8Array {
  return plain(deflateRawSync(raw, { windowBits: ROCKSDB_WINDOW_BITS, level: level ?? 6 }))
}

/** Raw inflate to at most `maxSizeBytes`. */
export function inflateBlock(
  data: Uint8Array,
  maxSizeBytes: number,
  dictionary: Uint8Array | undefined,
): Uint8Array {
  return plain(
    inflateRawSync(data, {
      maxOutputLength: Math.max(1, maxSizeBytes),
      ...(dictionary === undefined ? {} : { dictionary }),
    }),
  )
}

/**
 * Decompresses a data block that was compressed against the file's preset dictionary: `size` bytes result.
 *
 * A zstd dictionary is a trained one when it starts with zstd's magic, else raw content; the library tells them apart.
 */
export function decompressWithDictionary(
  type: number,
  body: Uint8Array,
  size: number,
  dictionary: Uint8Array,
): Uint8Array {
  if (type === CompressionType.Zlib) return inflateBlock(body, size, dictionary)
  if (type === CompressionType.LZ4 || type === CompressionType.LZ4HC) {
    return decompressLz4(body, size, dictionary)
  }
  const options = { maxOutputLength: Math.max(1, size), dictionary }
  return plain(zstdDecompressSync(body, options as Parameters<typeof zstdDecompressSync>[1]))
}

/**
 * LZ4 block with an external prefix: offsets may reach back into the last 64 KiB of the dictionary.
 * Source: LZ4 block format description.
 */
function decompressLz4(data: Uint8Array, size: number, dictionary: Uint8Array): Uint8Array {
  const prefix = Math.min(dictionary.length, 65536)
  const out = new Uint8Array(prefix + size)
  out.set(dictionary.subarray(dictionary.length - prefix))
  let i = 0
  let o = prefix
  const length = (nibble: number): number => {
    let n = nibble
    if (nibble === 15) {
      for (;;) {
        if (i >= data.length) throw new CorruptionError('lz4 block ends inside a length')
        const b = data[i++]!
        n += b
        if (b !== 255) break
      }
    }
    return n
  }
  while (i < data.length) {
    const token = data[i++]!
    const literals = length(token >>> 4)
    if (literals > data.length - i || literals > out.length - o) {
      throw new CorruptionError('lz4 literals exceed the block')
    }
    out.set(data.subarray(i, i + literals), o)
    i += literals
    o += literals
    if (i >= data.length) break
    if (i + 2 > data.length) throw new CorruptionError('lz4 block ends inside an offset')
    const offset = data[i]! | (data[i + 1]! << 8)
    i += 2
    const match = length(token & 15) + 4
    if (offset === 0 || offset > o || match > out.length - o) {
      throw new CorruptionError('lz4 match exceeds the block')
    }
    for (let k = 0; k < match; k++, o++) out[o] = out[o - offset]!
  }
  return out.subarray(prefix, o)
}
