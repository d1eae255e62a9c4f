import {
  constants,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'

import { assert } from '@varve/base'
import {
  compressLz4Block,
  compressLz4HcBlock,
  decompressLz4Block,
  lz4BlockBound,
} from '@varve/base/compression'

import { CompressionType } from './compression-type.ts'

/** RocksDB inflates raw streams with this window, so a writer may not use a larger one. */
const ROCKSDB_WINDOW_BITS = 14
/** Farthest an LZ4 match reaches back. */
const LZ4_WINDOW_BYTES = 65_536

/** The same memory without Buffer's methods, whose `slice` means something else. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

/** Raw deflate within RocksDB's window. */
export function deflateBlock(
  raw: Uint8Array,
  level: number | undefined,
  dictionary: Uint8Array | undefined,
): Uint8Array {
  return plain(
    deflateRawSync(raw, {
      windowBits: ROCKSDB_WINDOW_BITS,
      level: level ?? 6,
      ...(dictionary === undefined ? {} : { dictionary }),
    }),
  )
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

/** Compresses a data block against the file's preset dictionary. */
export function compressWithDictionary(
  type: number,
  raw: Uint8Array,
  level: number | undefined,
  dictionary: Uint8Array,
): Uint8Array {
  if (type === CompressionType.Zlib) return deflateBlock(raw, level, dictionary)
  if (type === CompressionType.ZSTD) {
    const options = {
      params: { [constants.ZSTD_c_compressionLevel]: level ?? 3 },
      dictionary,
    }
    return plain(zstdCompressSync(raw, options as Parameters<typeof zstdCompressSync>[1]))
  }
  assert(
    type === CompressionType.LZ4 || type === CompressionType.LZ4HC,
    'the format has dictionaries',
  )
  const prefix = dictionary.subarray(-LZ4_WINDOW_BYTES)
  const data = new Uint8Array(prefix.length + raw.length)
  data.set(prefix)
  data.set(raw, prefix.length)
  const out = new Uint8Array(lz4BlockBound(raw.length))
  const size =
    type === CompressionType.LZ4
      ? compressLz4Block(data, out, prefix.length)
      : compressLz4HcBlock(data, prefix.length, out, level ?? 9)
  return out.subarray(0, size)
}

/** LZ4 block with an external prefix: offsets may reach back into the last 64 KiB of the dictionary. */
function decompressLz4(data: Uint8Array, size: number, dictionary: Uint8Array): Uint8Array {
  const prefix = dictionary.subarray(-LZ4_WINDOW_BYTES)
  const out = new Uint8Array(prefix.length + size)
  out.set(prefix)
  const end = decompressLz4Block(data, 0, data.length, out, prefix.length)
  return out.subarray(prefix.length, end)
}
