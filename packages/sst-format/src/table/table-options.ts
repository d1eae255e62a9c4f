import { InvalidOptionError, prefixExtractorNamed } from '@varve/base'

import { CompressionType } from '../compression/compression-type.ts'
import { ChecksumType, IndexType } from './table-format.ts'

/** How a table is written. Plain data, so that it crosses to a worker; every field has a default. */
export interface TableOptions {
  /**
   * 2 to 7. Default 5, which RocksDB 6.6 and later read. 6 needs RocksDB 8.6, 7 needs 10.4: both tie checksums to file and
   * place. Below 5 filters are the legacy ones, below 3 the index has internal keys.
   */
  readonly formatVersion?: number
  /** Size a data block is closed at, before compression. Default 4096. */
  readonly blockSizeBytes?: number
  /** Entries between two restart points of a data block. Default 16. */
  readonly blockRestartInterval?: number
  /** Entries between two restart points of the index block. Default 1. */
  readonly indexBlockRestartInterval?: number
  /** Store keys of data blocks without the prefix they share with the key before. Default true. */
  readonly useDeltaEncoding?: boolean
  /** Start every data block at a multiple of the block size (of 4096 when that is less); not with compression. Default false. */
  readonly blockAlign?: boolean
  /** `binaryAndHash` adds an index by hash to data blocks, for look-ups of single keys. Default `binary`. */
  readonly dataBlockIndex?: 'binary' | 'binaryAndHash'
  /** Keys per bucket of that index. Default 0.75. */
  readonly dataBlockHashRatio?: number
  /** Default `BinarySearch`. `HashSearch` needs a prefix extractor. */
  readonly indexType?: IndexType
  /** How far the keys of the index are cut: not at all, between blocks, or the last one too. Default `separators`. */
  readonly indexShortening?: 'none' | 'separators' | 'separatorsAndSuccessor'
  /** Size of the partitions of a two-level index and of its filters. Default 4096. */
  readonly metadataBlockSizeBytes?: number
  /** Filters in partitions, with a two-level index. Default false. */
  readonly partitionFilters?: boolean
  /** Compress index blocks with the data's compression. Default true. */
  readonly compressIndex?: boolean
  /** Default `CRC32c`, which every RocksDB reads. */
  readonly checksum?: ChecksumType
  /** Default `Snappy`. */
  readonly compression?: CompressionType
  /** Level in the codec's own scale. Default: the codec's. */
  readonly compressionLevel?: number
  /** A dictionary of at most so many bytes, made of the first data blocks, for all of them. Default 0: none. Not for Snappy. */
  readonly maxDictBytes?: number
  /** Choose the most telling pieces out of samples of so many bytes. Default 0: samples up to `maxDictBytes` as they are. */
  readonly zstdMaxTrainBytes?: number
  /** Data that waits in memory for its dictionary. Default 0: 16 times what the dictionary is made of. */
  readonly maxDictBufferBytes?: number
  /** Bits a key gets in the filter; 0 writes no filter. Default 10. */
  readonly bloomBitsPerKey?: number
  /** `ribbon` takes about 30% less space and more time to build; RocksDB 6.15 reads it. Default `bloom`. */
  readonly filter?: 'bloom' | 'ribbon'
  /** Keys as a whole are in the filter. Default true. */
  readonly wholeKeyFiltering?: boolean
  /** Prefixes are in the filter, too: name of the extractor, such as `rocksdb.FixedPrefix.8`. Default: none. */
  readonly prefixExtractor?: string
  /** `crc32c` computes a checksum of the whole file, kept in the MANIFEST. Default `none`. */
  readonly fileChecksum?: 'none' | 'crc32c'
}

/** {@link TableOptions} with every default filled in. @internal */
export type ResolvedTableOptions = Omit<
  Required<TableOptions>,
  'compressionLevel' | 'prefixExtractor'
> & {
  readonly compressionLevel: number | undefined
  readonly prefixExtractor: string | undefined
}

const known: Readonly<Record<keyof TableOptions, true>> = {
  formatVersion: true,
  blockSizeBytes: true,
  blockRestartInterval: true,
  indexBlockRestartInterval: true,
  useDeltaEncoding: true,
  blockAlign: true,
  dataBlockIndex: true,
  dataBlockHashRatio: true,
  indexType: true,
  indexShortening: true,
  metadataBlockSizeBytes: true,
  partitionFilters: true,
  compressIndex: true,
  checksum: true,
  compression: true,
  compressionLevel: true,
  maxDictBytes: true,
  zstdMaxTrainBytes: true,
  maxDictBufferBytes: true,
  bloomBitsPerKey: true,
  filter: true,
  wholeKeyFiltering: true,
  prefixExtractor: true,
  fileChecksum: true,
}

const writableCompressions: readonly number[] = [
  CompressionType.NoCompression,
  CompressionType.Snappy,
  CompressionType.Zlib,
  CompressionType.LZ4,
  CompressionType.LZ4HC,
  CompressionType.ZSTD,
]

function inRange(name: string, value: number, min: number, max: number): number {
  if (!Number.isFinite(value) || value < min || value > max) {
    throw new InvalidOptionError(name, `must be a number from ${min} to ${max}, is ${value}`)
  }
  return value
}

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value))
    throw new InvalidOptionError(name, `must be one of ${allowed.join(', ')}, is ${String(value)}`)
  return value
}

/** Fills in the defaults. @throws InvalidOptionError for unknown keys and values out of range */
export function resolveTableOptions(options: TableOptions = {}): ResolvedTableOptions {
  for (const key of Object.keys(options)) {
    if (!(key in known)) throw new InvalidOptionError(key, 'is not a table option')
  }
  const whole = (name: keyof TableOptions, fallback: number, min: number, max: number): number => {
    const value = (options[name] as number | undefined) ?? fallback
    if (!Number.isInteger(value)) throw new InvalidOptionError(name, `must be a whole number`)
    return inRange(name, value, min, max)
  }
  const compression = options.compression ?? CompressionType.Snappy
  if (!writableCompressions.includes(compression)) {
    throw new InvalidOptionError('compression', `type ${compression} cannot be written`)
  }
  const resolved: ResolvedTableOptions = {
    formatVersion: whole('formatVersion', 5, 2, 7),
    blockSizeBytes: inRange('blockSizeBytes', options.blockSizeBytes ?? 4096, 64, 1 << 28),
    blockRestartInterval: whole('blockRestartInterval', 16, 1, 1 << 20),
    indexBlockRestartInterval: whole('indexBlockRestartInterval', 1, 1, 1 << 20),
    useDeltaEncoding: options.useDeltaEncoding ?? true,
    blockAlign: options.blockAlign ?? false,
    dataBlockIndex: oneOf('dataBlockIndex', options.dataBlockIndex ?? 'binary', [
      'binary',
      'binaryAndHash',
    ]),
    dataBlockHashRatio: inRange('dataBlockHashRatio', options.dataBlockHashRatio ?? 0.75, 0.01, 10),
    indexType: whole('indexType', IndexType.BinarySearch, 0, 3) as IndexType,
    indexShortening: oneOf('indexShortening', options.indexShortening ?? 'separators', [
      'none',
      'separators',
      'separatorsAndSuccessor',
    ]),
    metadataBlockSizeBytes: whole('metadataBlockSizeBytes', 4096, 64, 1 << 28),
    partitionFilters: options.partitionFilters ?? false,
    compressIndex: options.compressIndex ?? true,
    checksum: whole('checksum', ChecksumType.CRC32c, 0, 4) as ChecksumType,
    compression,
    compressionLevel: options.compressionLevel,
    maxDictBytes: whole('maxDictBytes', 0, 0, 1 << 24),
    zstdMaxTrainBytes: whole('zstdMaxTrainBytes', 0, 0, 1 << 28),
    maxDictBufferBytes: whole('maxDictBufferBytes', 0, 0, 1 << 30),
    bloomBitsPerKey: inRange('bloomBitsPerKey', options.bloomBitsPerKey ?? 10, 0, 100),
    filter: oneOf('filter', options.filter ?? 'bloom', ['bloom', 'ribbon']),
    wholeKeyFiltering: options.wholeKeyFiltering ?? true,
    prefixExtractor: options.prefixExtractor,
    fileChecksum: oneOf('fileChecksum', options.fileChecksum ?? 'none', ['none', 'crc32c']),
  }
  checkTogether(resolved)
  return resolved
}

/**
 * Says whether tables can be written so.
 *
 * @throws InvalidOptionError for unknown options, values out of range, and options that do not go together
 */
export function checkTableOptions(options: TableOptions): void {
  resolveTableOptions(options)
}

/** Options that ask for each other, or exclude each other. */
function checkTogether(options: ResolvedTableOptions): void {
  const { prefixExtractor, blockSizeBytes } = options
  if (prefixExtractor !== undefined && prefixExtractorNamed(prefixExtractor) === undefined) {
    throw new InvalidOptionError('prefixExtractor', `"${prefixExtractor}" is not known`)
  }
  if (options.indexType === IndexType.HashSearch && prefixExtractor === undefined) {
    throw new InvalidOptionError('indexType', 'by hash needs a prefix extractor')
  }
  if (options.partitionFilters && options.indexType !== IndexType.TwoLevelIndexSearch) {
    throw new InvalidOptionError('partitionFilters', 'needs a two-level index')
  }
  if (!options.blockAlign) return
  if (options.compression !== CompressionType.NoCompression) {
    throw new InvalidOptionError('blockAlign', 'is not possible with compression')
  }
  if (!Number.isInteger(Math.log2(blockSizeBytes))) {
    throw new InvalidOptionError('blockAlign', 'needs a block size that is a power of two')
  }
}
