import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import { CorruptionError, UnsupportedError } from '@varve/base'

import type { CompressionName } from './batch-format.ts'

/** Compresses the records of a batch as Kafka's clients do. */
export function compressRecords(codec: CompressionName, plain: Uint8Array): Uint8Array {
  switch (codec) {
    case 'none':
      return plain
    case 'gzip':
      return gzipSync(plain)
    case 'zstd':
      return zstdCompressSync(plain)
    case 'snappy':
    case 'lz4':
      throw new UnsupportedError(`compression "${codec}"`)
  }
}

/** Inverse of {@link compressRecords}; refuses to grow beyond `bytesMax`. */
export function decompressRecords(
  codec: CompressionName,
  packed: Uint8Array,
  bytesMax: number,
): Uint8Array {
  try {
    switch (codec) {
      case 'none':
        return packed
      case 'gzip':
        return gunzipSync(packed, { maxOutputLength: bytesMax })
      case 'zstd':
        return zstdDecompressSync(packed, { maxOutputLength: bytesMax })
      case 'snappy':
      case 'lz4':
        throw new UnsupportedError(`compression "${codec}"`)
    }
  } catch (error) {
    if (error instanceof UnsupportedError) throw error
    throw new CorruptionError(`records do not decompress with "${codec}"`, { cause: error })
  }
}
