import {
  gzipCodec,
  lz4FrameCodec,
  snappyCodec,
  zstdCodec,
  type Codec,
} from '@varve/base/compression'

import type { CompressionName } from './batch-format.ts'
import { xerialSnappyCodec } from './xerial-snappy.ts'

/** Compresses the records of a batch as Kafka's clients do. */
export function compressRecords(codec: CompressionName, plain: Uint8Array): Uint8Array {
  return codec === 'none' ? plain : codecs[codec].compress(plain)
}

/**
 * Inverse of {@link compressRecords}; refuses to grow beyond `bytesMax`.
 *
 * @throws CorruptionError when the block is not of that format or too large.
 */
export function decompressRecords(
  codec: CompressionName,
  packed: Uint8Array,
  bytesMax: number,
): Uint8Array {
  return codec === 'none' ? packed : codecs[codec].decompress(packed, bytesMax)
}

const codecs: Record<Exclude<CompressionName, 'none'>, Pick<Codec, 'compress' | 'decompress'>> = {
  gzip: gzipCodec,
  snappy: xerialSnappyCodec(snappyCodec),
  lz4: lz4FrameCodec,
  zstd: zstdCodec,
}
