import { comparatorNamed, prefixExtractorNamed } from '@varve/base'
import type { CompactionPriority } from '@varve/compaction'
import { formatOptionStruct, type FamilyOptionsSection } from '@varve/manifest'

import type { ColumnFamilyOptions, CompactionStyle } from '../options/column-family-options.ts'
import type { ResolvedColumnFamilyOptions } from '../options/resolve.ts'
import type { CompressionName } from '../options/table-layout.ts'
import { mergeOperatorOfText, mergeOperatorText } from './merge-operator-text.ts'
import {
  booleanOf,
  defined,
  numberOf,
  numbersOf,
  sizeOf,
  sizeWithin,
  structOf,
  valueNamed,
  type NameTable,
} from './option-values.ts'
import { tableLayoutOf, tableSectionOf } from './table-section.ts'

const compressions: NameTable<CompressionName> = {
  none: 'kNoCompression',
  snappy: 'kSnappyCompression',
  lz4: 'kLZ4Compression',
  lz4hc: 'kLZ4HCCompression',
  zstd: 'kZSTD',
  zlib: 'kZlibCompression',
}
const styles: NameTable<CompactionStyle> = {
  level: 'kCompactionStyleLevel',
  universal: 'kCompactionStyleUniversal',
  fifo: 'kCompactionStyleFIFO',
}
const priorities: NameTable<CompactionPriority> = {
  minOverlappingRatio: 'kMinOverlappingRatio',
  byCompensatedSize: 'kByCompensatedSize',
  oldestLargestSeqFirst: 'kOldestLargestSeqFirst',
  oldestSmallestSeqFirst: 'kOldestSmallestSeqFirst',
  roundRobin: 'kRoundRobin',
}
const stopStyles: NameTable<'totalSize' | 'similarSize'> = {
  totalSize: 'kCompactionStopStyleTotalSize',
  similarSize: 'kCompactionStopStyleSimilarSize',
}
/** A codec's own level. */
const DEFAULT_COMPRESSION_LEVEL = 32_767
/** What stands for "no bound" in unsigned numbers of 32 bits. */
const NO_MERGE_WIDTH = 0xffff_ffff
const TTL_FILTER = 'TtlCompactionFilterFactory'

/** What an OPTIONS file says of a family: by names that RocksDB 7.8 and its successors know. */
export function familySectionOf(
  name: string,
  options: ResolvedColumnFamilyOptions,
): FamilyOptionsSection {
  const { compressionPerLevel, bottommostCompression } = options
  const additional = options.maxBytesForLevelMultiplierAdditional
  const values: (readonly [string, string])[] = [
    ['comparator', options.comparator.name],
    [
      'merge_operator',
      mergeOperatorText(
        options.mergeOperator,
        options.ttlSeconds !== undefined,
        options.userMergeOperator?.name,
      ),
    ],
    ['prefix_extractor', extractorText(options.prefixExtractor)],
    ['compression', compressions[options.compression]],
    ['compression_per_level', compressionPerLevel.map((one) => compressions[one]).join(':')],
    [
      'bottommost_compression',
      bottommostCompression === undefined
        ? 'kDisableCompressionOption'
        : compressions[bottommostCompression],
    ],
    [
      'compression_opts',
      struct({
        level: options.compressionLevel ?? DEFAULT_COMPRESSION_LEVEL,
        max_dict_bytes: options.maxDictBytes,
        zstd_max_train_bytes: options.zstdMaxTrainBytes,
      }),
    ],
    ['compaction_style', styles[options.compactionStyle]],
    ['compaction_options_universal', universalText(options)],
    ['compaction_options_fifo', fifoText(options)],
    ['num_levels', String(options.numLevels)],
    ['level_compaction_dynamic_level_bytes', String(options.levelCompactionDynamicLevelBytes)],
    ['compaction_pri', priorities[options.compactionPri]],
    ['ttl', String(options.ttl)],
    ['periodic_compaction_seconds', String(options.periodicCompactionSeconds)],
    ['write_buffer_size', String(options.writeBufferSizeBytes)],
    ['max_write_buffer_number', String(options.maxWriteBufferNumber)],
    ['level0_file_num_compaction_trigger', String(options.level0FileNumCompactionTrigger)],
    ['level0_slowdown_writes_trigger', String(options.level0SlowdownWritesTrigger)],
    ['level0_stop_writes_trigger', String(options.level0StopWritesTrigger)],
    ['max_bytes_for_level_base', String(options.maxBytesForLevelBase)],
    ['max_bytes_for_level_multiplier', options.maxBytesForLevelMultiplier.toFixed(6)],
    [
      'max_bytes_for_level_multiplier_additional',
      (additional.length === 0 ? Array<number>(7).fill(1) : additional).join(':'),
    ],
    ['target_file_size_base', String(options.targetFileSizeBaseBytes)],
    ['target_file_size_multiplier', String(options.targetFileSizeMultiplier)],
    ['max_compaction_bytes', String(options.maxCompactionBytes)],
    ['soft_pending_compaction_bytes_limit', String(options.softPendingCompactionBytesLimit)],
    ['hard_pending_compaction_bytes_limit', String(options.hardPendingCompactionBytesLimit)],
    ['disable_auto_compactions', String(options.disableAutoCompactions)],
    ['table_factory', 'BlockBasedTable'],
    [
      'compaction_filter_factory',
      options.ttlSeconds === undefined
        ? 'nullptr'
        : struct({ id: TTL_FILTER, user_filter_factory: 'nullptr', ttl: options.ttlSeconds }),
    ],
  ]
  return { name, options: new Map(values), table: tableSectionOf(options) }
}

/** The options of a section, and what it asks for that cannot be given here. */
export interface ReadFamilyOptions {
  readonly options: ColumnFamilyOptions
  /** Names of comparators, merge operators and prefix extractors that are not known. */
  readonly unknown: readonly string[]
}

/** Reads a section of any RocksDB from 5.18 on; what it does not say takes the default when it is used. */
export function familyOptionsOf(section: FamilyOptionsSection): ReadFamilyOptions {
  const { options: o } = section
  const unknown: string[] = []
  const mergeOperator = mergeOperatorOfText(o.get('merge_operator'))
  if (mergeOperator === null) unknown.push(`merge operator ${o.get('merge_operator')}`)
  const prefixExtractor = o.get('prefix_extractor') ?? 'nullptr'
  const extractor = prefixExtractorNamed(prefixExtractor)
  if (extractor === undefined && prefixExtractor !== 'nullptr' && prefixExtractor !== '')
    unknown.push(`prefix extractor ${prefixExtractor}`)
  const comparatorName = o.get('comparator') ?? ''
  const comparator = comparatorNamed(comparatorName)
  if (comparator === undefined && comparatorName !== '')
    unknown.push(`comparator ${comparatorName}`)
  const compression = structOf(o.get('compression_opts'))
  const level = numberOf(compression.get('level'))
  const perLevel = o.get('compression_per_level') ?? ''
  const compressionPerLevel = perLevel
    .split(':')
    .map((name) => valueNamed(compressions, name))
    .filter((name) => name !== undefined)
  const ttlFilter = structOf(o.get('compaction_filter_factory'))
  const layout = tableLayoutOf(section)
  return {
    unknown,
    options: defined<ColumnFamilyOptions>({
      ...layout,
      // By hash there is nothing without prefixes; RocksDB writes an ordinary index then.
      index: layout.index === 'hash' && extractor === undefined ? 'binary' : layout.index,
      partitionFilters: layout.partitionFilters === true && layout.index === 'twoLevel',
      comparator,
      mergeOperator: mergeOperator ?? undefined,
      prefixExtractor: extractor?.name,
      ttlSeconds:
        ttlFilter.get('id') === TTL_FILTER
          ? Math.max(0, numberOf(ttlFilter.get('ttl')) ?? 0)
          : undefined,
      compression: valueNamed(compressions, o.get('compression')),
      compressionPerLevel: compressionPerLevel.length > 0 ? compressionPerLevel : undefined,
      bottommostCompression: valueNamed(compressions, o.get('bottommost_compression')),
      compressionLevel: level === DEFAULT_COMPRESSION_LEVEL ? undefined : level,
      maxDictBytes: sizeWithin(compression.get('max_dict_bytes'), 0, 1 << 24),
      zstdMaxTrainBytes: sizeWithin(compression.get('zstd_max_train_bytes'), 0, 1 << 28),
      compactionStyle: valueNamed(styles, o.get('compaction_style')),
      compactionOptionsUniversal: universalOf(o.get('compaction_options_universal')),
      compactionOptionsFifo: fifoOf(o.get('compaction_options_fifo')),
      numLevels: sizeWithin(o.get('num_levels'), 1, 64),
      levelCompactionDynamicLevelBytes: booleanOf(o.get('level_compaction_dynamic_level_bytes')),
      compactionPri: valueNamed(priorities, o.get('compaction_pri')),
      ttl: sizeOf(o.get('ttl')),
      periodicCompactionSeconds: sizeOf(o.get('periodic_compaction_seconds')),
      writeBufferSizeBytes: sizeWithin(o.get('write_buffer_size'), 1024, 1 << 30),
      maxWriteBufferNumber: sizeWithin(o.get('max_write_buffer_number'), 2, 1000),
      level0FileNumCompactionTrigger: sizeWithin(
        o.get('level0_file_num_compaction_trigger'),
        1,
        10_000,
      ),
      level0SlowdownWritesTrigger: sizeWithin(o.get('level0_slowdown_writes_trigger'), 1, 100_000),
      level0StopWritesTrigger: sizeWithin(o.get('level0_stop_writes_trigger'), 1, 100_000),
      maxBytesForLevelBase: sizeWithin(
        o.get('max_bytes_for_level_base'),
        1,
        Number.MAX_SAFE_INTEGER,
      ),
      maxBytesForLevelMultiplier: numberOf(o.get('max_bytes_for_level_multiplier')),
      maxBytesForLevelMultiplierAdditional: numbersOf(
        o.get('max_bytes_for_level_multiplier_additional'),
      ),
      targetFileSizeBaseBytes: sizeWithin(
        o.get('target_file_size_base'),
        1,
        Number.MAX_SAFE_INTEGER,
      ),
      targetFileSizeMultiplier: sizeWithin(o.get('target_file_size_multiplier'), 1, 1000),
      maxCompactionBytes: sizeOf(o.get('max_compaction_bytes')),
      softPendingCompactionBytesLimit: sizeOf(o.get('soft_pending_compaction_bytes_limit')),
      hardPendingCompactionBytesLimit: sizeOf(o.get('hard_pending_compaction_bytes_limit')),
      disableAutoCompactions: booleanOf(o.get('disable_auto_compactions')),
    }),
  }
}

function universalText({ compactionOptionsUniversal: u }: ResolvedColumnFamilyOptions): string {
  const width = u.maxMergeWidth ?? NO_MERGE_WIDTH
  return struct({
    size_ratio: u.sizeRatio ?? 1,
    min_merge_width: u.minMergeWidth ?? 2,
    max_merge_width: Math.min(width, NO_MERGE_WIDTH),
    max_size_amplification_percent: u.maxSizeAmplificationPercent ?? 200,
    stop_style: stopStyles[u.stopStyle ?? 'totalSize'],
    allow_trivial_move: u.allowTrivialMove ?? false,
  })
}

function universalOf(
  text: string | undefined,
): ColumnFamilyOptions['compactionOptionsUniversal'] | undefined {
  const fields = structOf(text)
  if (fields.size === 0) return undefined
  const width = sizeOf(fields.get('max_merge_width'))
  return defined<NonNullable<ColumnFamilyOptions['compactionOptionsUniversal']>>({
    sizeRatio: sizeOf(fields.get('size_ratio')),
    minMergeWidth: sizeOf(fields.get('min_merge_width')),
    maxMergeWidth: width === NO_MERGE_WIDTH ? undefined : width,
    maxSizeAmplificationPercent: sizeOf(fields.get('max_size_amplification_percent')),
    stopStyle: valueNamed(stopStyles, fields.get('stop_style')),
    allowTrivialMove: booleanOf(fields.get('allow_trivial_move')),
  })
}

function fifoText({ compactionOptionsFifo: f }: ResolvedColumnFamilyOptions): string {
  return struct({
    max_table_files_size: f.maxTableFilesSize ?? 1 << 30,
    allow_compaction: f.allowCompaction ?? false,
  })
}

function fifoOf(
  text: string | undefined,
): ColumnFamilyOptions['compactionOptionsFifo'] | undefined {
  const fields = structOf(text)
  if (fields.size === 0) return undefined
  return defined<NonNullable<ColumnFamilyOptions['compactionOptionsFifo']>>({
    maxTableFilesSize: sizeOf(fields.get('max_table_files_size')),
    allowCompaction: booleanOf(fields.get('allow_compaction')),
  })
}

function extractorText(extractor: ResolvedColumnFamilyOptions['prefixExtractor']): string {
  if (extractor === undefined) return 'nullptr'
  const name = typeof extractor === 'string' ? extractor : extractor.name
  return prefixExtractorNamed(name)?.name ?? name
}

function struct(fields: Readonly<Record<string, string | number | boolean>>): string {
  return formatOptionStruct(
    new Map(Object.entries(fields).map(([name, value]) => [name, String(value)])),
  )
}
