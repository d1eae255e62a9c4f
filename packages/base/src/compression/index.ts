/**
 * Compression codecs of RocksDB tables and Kafka record batches, each with a bound against decompression bombs.
 *
 * @packageDocumentation
 */
import { UnsupportedError } from '../errors.ts'
import type { Codec, CodecName } from './codec.ts'
import { deflateCodec } from './deflate.ts'
import { gzipCodec } from './gzip.ts'
import { compressLz4Block, decompressLz4Block, lz4BlockBound, lz4Codec } from './lz4-block.ts'
import { compressLz4HcBlock, lz4HcCodec } from './lz4-hc.ts'
import { lz4FrameCodec } from './lz4-frame.ts'
import { snappyCodec } from './snappy.ts'
import { zstdCodec } from './zstd.ts'

const codecs: ReadonlyMap<string, Codec> = new Map(
  [snappyCodec, lz4Codec, lz4FrameCodec, zstdCodec, deflateCodec, gzipCodec].map((codec) => [
    codec.name,
    codec,
  ]),
)

/** The codec of that name. @throws UnsupportedError when there is none */
export function codecByName(name: CodecName): Codec {
  const codec = codecs.get(name)
  if (codec === undefined) throw new UnsupportedError(`compression "${String(name)}"`)
  return codec
}

export { decompressBzip2 } from './bzip2.ts'
export {
  compressLz4Block,
  compressLz4HcBlock,
  decompressLz4Block,
  deflateCodec,
  gzipCodec,
  lz4BlockBound,
  lz4Codec,
  lz4FrameCodec,
  lz4HcCodec,
  snappyCodec,
  zstdCodec,
}
export type { Codec, CodecName, CompressOptions } from './codec.ts'
