import {
  ByteReader,
  CorruptionError,
  UnsupportedError,
  varintLength,
  writeVarint,
} from '@varve/base'
import {
  decompressBzip2,
  lz4Codec,
  lz4HcCodec,
  snappyCodec,
  zstdCodec,
} from '@varve/base/compression'

import { CompressionType, compressionTypeName } from './compression-type.ts'
import {
  compressWithDictionary,
  decompressWithDictionary,
  deflateBlock,
  inflateBlock,
} from './dictionary.ts'

/** Larger blocks are taken for damage: nothing RocksDB writes by default comes near, and memory stays bounded. */
const MAX_BLOCK_SIZE_BYTES = 1 << 30

/** No block of these formats grows by more: what claims to is refused before memory is taken for it. */
const SNAPPY_MAX_RATIO = 22
const LZ4_MAX_RATIO = 256

function largestOutput(storedBytes: number, ratio: number): number {
  return Math.min(MAX_BLOCK_SIZE_BYTES, (storedBytes + 16) * ratio)
}

/** How blocks are compressed. */
export interface BlockCompression {
  readonly type: CompressionType
  /** In the codec's own scale; undefined: its default. */
  readonly level: number | undefined
  /** Preset dictionary of data blocks; undefined or empty: none. Formats without dictionaries pay no heed. */
  readonly dictionary?: Uint8Array | undefined
}

/** Whether blocks of this type can have a preset dictionary. */
export function takesDictionary(type: CompressionType): boolean {
  return (
    type === CompressionType.Zlib ||
    type === CompressionType.LZ4 ||
    type === CompressionType.LZ4HC ||
    type === CompressionType.ZSTD
  )
}

/** Blocks are compressed into this, one after the other, by the formats that can. Larger ones get memory of their own. */
const compressed = { target: new Uint8Array(0) }
const maxTargetBytes = 1 << 20

/**
 * Compressed form of a block in the framing of format_version 2 and later: a varint with the size first, except Snappy,
 * which carries its own. `undefined` when it does not save an eighth: then the block is stored as it is. Borrowed until the next call.
 */
export function compressBlock(
  raw: Uint8Array,
  compression: BlockCompression,
): Uint8Array | undefined {
  const body = compressBody(raw, compression)
  if (body === undefined) return undefined
  const prefix = compression.type === CompressionType.Snappy ? 0 : varintLength(raw.length)
  // RocksDB's rule: keep it only when smaller than 7/8 of the original.
  if (prefix + body.length >= raw.length - Math.floor(raw.length / 8)) return undefined
  if (prefix === 0) return body
  const framed = new Uint8Array(prefix + body.length)
  writeVarint(framed, 0, raw.length)
  framed.set(body, prefix)
  return framed
}

function compressBody(
  raw: Uint8Array,
  { type, level, dictionary }: BlockCompression,
): Uint8Array | undefined {
  const options = level === undefined ? {} : { level }
  if (dictionary !== undefined && dictionary.length > 0 && takesDictionary(type))
    return compressWithDictionary(type, raw, level, dictionary)
  // No format makes a block longer by more than a quarter and a few bytes.
  const bound = raw.length + (raw.length >>> 2) + 64
  if (compressed.target.length < bound && bound <= maxTargetBytes)
    compressed.target = new Uint8Array(bound)
  switch (type) {
    case CompressionType.NoCompression:
      return undefined
    case CompressionType.Snappy:
      return snappyCodec.compress(raw, compressed)
    case CompressionType.Zlib:
      return deflateBlock(raw, level, undefined)
    case CompressionType.LZ4:
      return lz4Codec.compress(raw, compressed)
    case CompressionType.LZ4HC:
      return lz4HcCodec.compress(raw, options)
    case CompressionType.ZSTD:
    case CompressionType.ZSTDNotFinal:
      return zstdCodec.compress(raw, options)
    case CompressionType.BZip2:
    case CompressionType.Xpress:
      throw new UnsupportedError(`writing blocks with compression ${compressionTypeName(type)}`)
  }
}

/** What decompression needs to know about the file around a block. */
export interface DecompressionContext {
  readonly file: string
  /** Before 2 the sizes in front of a block were other ones, or missing. */
  readonly formatVersion: number
  /** Preset dictionary of data blocks, when the file has one. */
  readonly dictionary: Uint8Array | undefined
}

/**
 * Original of the block `data` that was stored at `offset` with compression `type` (not `NoCompression`); in `target`, when
 * that is given and large enough and the format can.
 *
 * @throws CorruptionError with file and offset when the bytes do not decompress to the size they claim
 * @throws UnsupportedError for BZip2, Xpress and unknown types
 */
export function decompressBlock(
  type: number,
  data: Uint8Array,
  offset: number,
  context: DecompressionContext,
  target?: Uint8Array,
): Uint8Array {
  const { file, formatVersion, dictionary } = context
  try {
    if (type === CompressionType.Snappy) {
      return snappyCodec.decompress(data, largestOutput(data.length, SNAPPY_MAX_RATIO), target)
    }
    if (
      type !== CompressionType.Zlib &&
      type !== CompressionType.BZip2 &&
      type !== CompressionType.LZ4 &&
      type !== CompressionType.LZ4HC &&
      type !== CompressionType.ZSTD &&
      type !== CompressionType.ZSTDNotFinal
    ) {
      throw new UnsupportedError(`reading blocks with ${compressionTypeName(type)} in "${file}"`)
    }
    if (formatVersion < 2 && type === CompressionType.Zlib) {
      return inflateBlock(data, MAX_BLOCK_SIZE_BYTES, undefined)
    }
    if (formatVersion < 2 && type === CompressionType.BZip2) {
      return decompressBzip2(data, MAX_BLOCK_SIZE_BYTES)
    }
    const reader = new ByteReader(data)
    const isLz4 = type === CompressionType.LZ4 || type === CompressionType.LZ4HC
    const size = formatVersion < 2 && isLz4 ? reader.fixed64() : reader.varint32()
    if (size > (isLz4 ? largestOutput(data.length, LZ4_MAX_RATIO) : MAX_BLOCK_SIZE_BYTES)) {
      throw new CorruptionError(`block claims ${size} uncompressed bytes`)
    }
    const body = data.subarray(reader.position)
    const raw = decompressBody(type, body, size, dictionary, target)
    if (raw.length !== size) {
      throw new CorruptionError('uncompressed size of a block differs', {
        expected: size,
        actual: raw.length,
      })
    }
    return raw
  } catch (error) {
    if (error instanceof UnsupportedError) throw error
    throw new CorruptionError(`block does not decompress (${compressionTypeName(type)})`, {
      file,
      offset,
      cause: error,
    })
  }
}

function decompressBody(
  type: number,
  body: Uint8Array,
  size: number,
  dictionary: Uint8Array | undefined,
  target: Uint8Array | undefined,
): Uint8Array {
  // The format has no dictionaries.
  if (type === CompressionType.BZip2) return decompressBzip2(body, size)
  if (dictionary !== undefined && dictionary.length > 0) {
    return decompressWithDictionary(type, body, size, dictionary)
  }
  if (type === CompressionType.Zlib) return inflateBlock(body, size, undefined)
  if (type === CompressionType.LZ4 || type === CompressionType.LZ4HC) {
    return lz4Codec.decompress(body, size, target)
  }
  return zstdCodec.decompress(body, size)
}
