import { InvalidOptionError, prefixExtractorNamed, type PrefixExtractor } from '@varve/base'
import {
  checkTableOptions,
  ChecksumType,
  CompressionType,
  IndexType,
  type TableOptions,
} from '@varve/sst-format'

/** Compression of tables by name. */
export type CompressionName = 'none' | 'snappy' | 'lz4' | 'lz4hc' | 'zstd' | 'zlib'

/** Checksum of table blocks by name. */
export type ChecksumName = 'none' | 'crc32c' | 'xxhash' | 'xxhash64' | 'xxh3'

/** Index of tables by name. */
export type IndexName = 'binary' | 'hash' | 'twoLevel' | 'firstKey'

/**
 * How the tables of a family are laid out. All are read whatever the options are; RocksDB 7.8 reads what is written, unless
 * said otherwise.
 */
export interface TableLayoutOptions {
  /** Default `snappy`. */
  readonly compression?: CompressionName
  /** Level in the codec's own scale. Default: the codec's. */
  readonly compressionLevel?: number
  /** Compression by level, the last one for all deeper ones. Default: `compression` everywhere. */
  readonly compressionPerLevel?: readonly CompressionName[]
  /** Compression of the deepest data. Default: as the level has it. */
  readonly bottommostCompression?: CompressionName
  /** Size of the dictionary that data blocks of a table share; not for Snappy, nor for level 0. Default 0: none. */
  readonly maxDictBytes?: number
  /** Data that a dictionary is chosen from. Default 0: the first `maxDictBytes` of samples. */
  readonly zstdMaxTrainBytes?: number
  /** 2 to 7. Default 5. RocksDB 7.8 does not read 6 (8.6 does) nor 7 (10.4 does). */
  readonly formatVersion?: number
  /** Data block before compression. Default 4096. */
  readonly blockSizeBytes?: number
  /** Entries between two restart points of a data block. Default 16. */
  readonly blockRestartInterval?: number
  /** Entries between two restart points of an index block. Default 1. */
  readonly indexBlockRestartInterval?: number
  /** Start data blocks at multiples of their size; not with compression. Default false. */
  readonly blockAlign?: boolean
  /** `binaryAndHash`: data blocks have an index by hash besides. Default `binary`. */
  readonly dataBlockIndex?: 'binary' | 'binaryAndHash'
  /** Keys per bucket of that index. Default 0.75. */
  readonly dataBlockHashRatio?: number
  /** Default `binary`. `hash` needs `prefixExtractor`. */
  readonly index?: IndexName
  /** How far keys of the index are cut. Default `separators`: between blocks. */
  readonly indexShortening?: 'none' | 'separators' | 'separatorsAndSuccessor'
  /** Size of partitions of index and filter. Default 4096. */
  readonly metadataBlockSizeBytes?: number
  /** Filters in partitions; needs the index `twoLevel`. Default false. */
  readonly partitionFilters?: boolean
  /** Bits a key takes in the filter, 0 for no filter. Default 10. */
  readonly bloomBitsPerKey?: number
  /** `ribbon` filters are a third smaller and slower to build. Default `bloom`. */
  readonly filter?: 'bloom' | 'ribbon'
  /** With `ribbon`: flushed tables, and those of levels above this one, have Bloom filters; -1: none has. Default 0. */
  readonly bloomBeforeLevel?: number
  /** Whole keys are in the filter. Default true. */
  readonly wholeKeyFiltering?: boolean
  /**
   * Keys of one prefix belong together: `fixed:8`, `capped:8` or RocksDB's names for these, whose prefixes then are in filters;
   * those of an extractor of your own are not. Default: none.
   */
  readonly prefixExtractor?: string | PrefixExtractor
  /** Checksum of table blocks. Default `xxh3`, as in RocksDB from 7.0 on; RocksDB before 6.27 cannot read it. */
  readonly checksum?: ChecksumName
  /** Keep a checksum of every table as a whole in the MANIFEST. Default `none`. */
  readonly fileChecksum?: 'none' | 'crc32c'
}

/** {@link TableLayoutOptions} with every default filled in. */
export type ResolvedTableLayout = Omit<
  Required<TableLayoutOptions>,
  'compressionLevel' | 'compressionPerLevel' | 'bottommostCompression' | 'prefixExtractor'
> &
  Pick<TableLayoutOptions, 'compressionLevel' | 'bottommostCompression'> & {
    readonly compressionPerLevel: readonly CompressionName[]
    readonly prefixExtractor: string | PrefixExtractor | undefined
  }

/** Where a table is written for. */
export interface TablePlace {
  /** -1 for a flush. */
  readonly level: number
  /** Nothing lies deeper. */
  readonly bottommost?: boolean
  /** Level that level 0 goes to; `compressionPerLevel` counts from it on. Default 1. */
  readonly baseLevel?: number
}

const compressionTypes: Readonly<Record<CompressionName, CompressionType>> = {
  none: CompressionType.NoCompression,
  snappy: CompressionType.Snappy,
  lz4: CompressionType.LZ4,
  lz4hc: CompressionType.LZ4HC,
  zstd: CompressionType.ZSTD,
  zlib: CompressionType.Zlib,
}

const checksumTypes: Readonly<Record<ChecksumName, ChecksumType>> = {
  none: ChecksumType.NoChecksum,
  crc32c: ChecksumType.CRC32c,
  xxhash: ChecksumType.xxHash,
  xxhash64: ChecksumType.xxHash64,
  xxh3: ChecksumType.XXH3,
}

const indexTypes: Readonly<Record<IndexName, IndexType>> = {
  binary: IndexType.BinarySearch,
  hash: IndexType.HashSearch,
  twoLevel: IndexType.TwoLevelIndexSearch,
  firstKey: IndexType.BinarySearchWithFirstKey,
}

/** Names of the options but `prefixExtractor`, which is not of tables alone. */
export const tableLayoutKeys: readonly Exclude<keyof TableLayoutOptions, 'prefixExtractor'>[] = [
  'compression',
  'compressionLevel',
  'compressionPerLevel',
  'bottommostCompression',
  'maxDictBytes',
  'zstdMaxTrainBytes',
  'formatVersion',
  'blockSizeBytes',
  'blockRestartInterval',
  'indexBlockRestartInterval',
  'blockAlign',
  'dataBlockIndex',
  'dataBlockHashRatio',
  'index',
  'indexShortening',
  'metadataBlockSizeBytes',
  'partitionFilters',
  'bloomBitsPerKey',
  'filter',
  'bloomBeforeLevel',
  'wholeKeyFiltering',
  'checksum',
  'fileChecksum',
]

/** Fills in the defaults. @throws InvalidOptionError for values out of range and such that do not go together */
export function resolveTableLayout(
  options: TableLayoutOptions,
): Omit<ResolvedTableLayout, 'prefixExtractor'> {
  const resolved: Omit<ResolvedTableLayout, 'prefixExtractor'> = {
    compression: named('compression', options.compression ?? 'snappy', compressionTypes),
    ...optional('compressionLevel', options.compressionLevel),
    compressionPerLevel: (options.compressionPerLevel ?? []).map((name) =>
      named('compressionPerLevel', name, compressionTypes),
    ),
    ...(options.bottommostCompression === undefined
      ? {}
      : {
          bottommostCompression: named(
            'bottommostCompression',
            options.bottommostCompression,
            compressionTypes,
          ),
        }),
    maxDictBytes: options.maxDictBytes ?? 0,
    zstdMaxTrainBytes: options.zstdMaxTrainBytes ?? 0,
    formatVersion: options.formatVersion ?? 5,
    blockSizeBytes: options.blockSizeBytes ?? 4096,
    blockRestartInterval: options.blockRestartInterval ?? 16,
    indexBlockRestartInterval: options.indexBlockRestartInterval ?? 1,
    blockAlign: options.blockAlign ?? false,
    dataBlockIndex: options.dataBlockIndex ?? 'binary',
    dataBlockHashRatio: options.dataBlockHashRatio ?? 0.75,
    index: named('index', options.index ?? 'binary', indexTypes),
    indexShortening: options.indexShortening ?? 'separators',
    metadataBlockSizeBytes: options.metadataBlockSizeBytes ?? 4096,
    partitionFilters: options.partitionFilters ?? false,
    bloomBitsPerKey: options.bloomBitsPerKey ?? 10,
    filter: options.filter ?? 'bloom',
    bloomBeforeLevel: options.bloomBeforeLevel ?? 0,
    wholeKeyFiltering: options.wholeKeyFiltering ?? true,
    checksum: named('checksum', options.checksum ?? 'xxh3', checksumTypes),
    fileChecksum: options.fileChecksum ?? 'none',
  }
  // The rest is judged where tables are written, for each place that has its own.
  const places: TablePlace[] = [-1, ...resolved.compressionPerLevel.keys()].map((level) => ({
    level,
  }))
  for (const place of [...places, { level: 6, bottommost: true }])
    checkTableOptions(
      tableOptionsOf({ ...resolved, prefixExtractor: options.prefixExtractor }, place),
    )
  return resolved
}

/** How a table is written at its place. */
export function tableOptionsOf(
  options: ResolvedTableLayout,
  place: TablePlace = { level: -1 },
): TableOptions {
  const { level } = place
  const hasDictionary = level > 0
  return {
    formatVersion: options.formatVersion,
    blockSizeBytes: options.blockSizeBytes,
    blockRestartInterval: options.blockRestartInterval,
    indexBlockRestartInterval: options.indexBlockRestartInterval,
    blockAlign: options.blockAlign,
    dataBlockIndex: options.dataBlockIndex,
    dataBlockHashRatio: options.dataBlockHashRatio,
    indexType: indexTypes[options.index],
    indexShortening: options.indexShortening,
    metadataBlockSizeBytes: options.metadataBlockSizeBytes,
    partitionFilters: options.partitionFilters,
    bloomBitsPerKey: options.bloomBitsPerKey,
    filter: level < options.bloomBeforeLevel ? 'bloom' : options.filter,
    wholeKeyFiltering: options.wholeKeyFiltering,
    ...optional('prefixExtractor', tableExtractorName(options.prefixExtractor)),
    checksum: checksumTypes[options.checksum],
    compression: compressionTypes[compressionAt(options, place)],
    ...optional('compressionLevel', options.compressionLevel),
    maxDictBytes: hasDictionary ? options.maxDictBytes : 0,
    zstdMaxTrainBytes: hasDictionary ? options.zstdMaxTrainBytes : 0,
    fileChecksum: options.fileChecksum,
  }
}

/** Threads that write tables know extractors by their names. */
function tableExtractorName(extractor: string | PrefixExtractor | undefined): string | undefined {
  if (extractor === undefined) return undefined
  return prefixExtractorNamed(typeof extractor === 'string' ? extractor : extractor.name)?.name
}

/** Compression of tables at a place. */
export function compressionAt(
  { compression, compressionPerLevel, bottommostCompression }: ResolvedTableLayout,
  { level, bottommost, baseLevel = 1 }: TablePlace,
): CompressionName {
  if (bottommost === true && bottommostCompression !== undefined) return bottommostCompression
  if (compressionPerLevel.length === 0) return compression
  const step = level <= 0 ? 0 : Math.max(1, level - baseLevel + 1)
  return compressionPerLevel[Math.min(step, compressionPerLevel.length - 1)]!
}

function named<T extends string>(option: string, value: T, known: Readonly<Record<T, unknown>>): T {
  if (Object.hasOwn(known, value)) return value
  const names = Object.keys(known).join(', ')
  throw new InvalidOptionError(option, `must be one of ${names}, is ${String(value)}`)
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]?: V })
}
