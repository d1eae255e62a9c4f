import {
  bytewiseComparator,
  InvalidOptionError,
  prefixExtractorNamed,
  systemClock,
  systemRandom,
  type Clock,
  type Comparator,
  type PrefixExtractor,
  type Random,
} from '@varve/base'
import type {
  CompactionFilter,
  CompactionPriority,
  FifoCompactionOptions,
  MergeOperator,
  RateLimiter,
  UniversalCompactionOptions,
} from '@varve/compaction'
import { BlockCache } from '@varve/sst-format'
import { nodeFileSystem, type FileSystem } from '@varve/vfs'
import type { WalRecoveryMode } from '@varve/wal'

import type { Statistics } from '../statistics/statistics.ts'
import { WriteBufferManager } from '../write/write-buffer-manager.ts'
import type { CompactionFilterModule } from './compaction-filter-module.ts'
import type { ColumnFamilyOptions, CompactionStyle } from './column-family-options.ts'
import type { DBOptions } from './db-options.ts'
import type { EventListener } from './event-listener.ts'
import { resolveBackgroundOptions } from './resolve-background.ts'
import { resolveCompactionOptions } from './resolve-compaction.ts'
import {
  resolveTableLayout,
  tableLayoutKeys,
  tableOptionsOf,
  type ResolvedTableLayout,
} from './table-layout.ts'

/** {@link ColumnFamilyOptions} with every default filled in. */
export interface ResolvedColumnFamilyOptions extends ResolvedTableLayout {
  readonly comparator: Comparator
  /** Text of one that every thread knows. */
  readonly mergeOperator: string | undefined
  /** One that only this thread has. */
  readonly userMergeOperator: MergeOperator | undefined
  readonly ttlSeconds: number | undefined
  readonly prefixExtractor: string | PrefixExtractor | undefined
  readonly writeBufferSizeBytes: number
  readonly maxWriteBufferNumber: number
  readonly compactionStyle: CompactionStyle
  readonly compactionOptionsUniversal: UniversalCompactionOptions
  readonly compactionOptionsFifo: FifoCompactionOptions
  readonly numLevels: number
  readonly levelCompactionDynamicLevelBytes: boolean
  readonly compactionPri: CompactionPriority
  readonly ttl: number
  readonly periodicCompactionSeconds: number
  readonly compactionFilter: CompactionFilter | CompactionFilterModule | undefined
  readonly maxBytesForLevelMultiplierAdditional: readonly number[]
  readonly maxCompactionBytes: number
  readonly softPendingCompactionBytesLimit: number
  readonly hardPendingCompactionBytesLimit: number
  readonly level0FileNumCompactionTrigger: number
  readonly level0SlowdownWritesTrigger: number
  readonly level0StopWritesTrigger: number
  readonly maxBytesForLevelBase: number
  readonly maxBytesForLevelMultiplier: number
  readonly targetFileSizeBaseBytes: number
  readonly targetFileSizeMultiplier: number
  readonly disableAutoCompactions: boolean
}

/** {@link DBOptions} with every default filled in. */
export interface ResolvedDBOptions {
  readonly createIfMissing: boolean
  readonly errorIfExists: boolean
  readonly createMissingColumnFamilies: boolean
  /** `'*'` opens whatever there is. */
  readonly columnFamilies: ReadonlyMap<string, ColumnFamilyOptions> | '*'
  readonly walDirectory: string | undefined
  readonly fileSystem: FileSystem
  readonly writeBufferSizeBytes: number
  readonly dbWriteBufferSizeBytes: number
  readonly maxTotalWalSizeBytes: number
  readonly walRecoveryMode: WalRecoveryMode
  readonly recycleLogFileNum: number
  readonly trackAndVerifyWalsInManifest: boolean
  readonly allowFallocate: boolean
  readonly background: 'worker' | 'inline'
  readonly maxBackgroundCompactions: number
  readonly maxBackgroundFlushes: number
  readonly maxSubcompactions: number
  readonly rateLimiter: RateLimiter | undefined
  readonly delayedWriteRate: number
  readonly listeners: readonly EventListener[]
  readonly maxOpenFiles: number
  readonly paranoidChecks: boolean
  /** Prepared transactions have somebody who decides them. */
  readonly allow2pc: boolean
  readonly statistics: Statistics | undefined
  readonly writeBufferManager: WriteBufferManager | undefined
  readonly atomicFlush: boolean
  readonly manualWalFlush: boolean
  readonly blockCache: BlockCache
  readonly rowCacheBytes: number
  readonly clock: Clock
  readonly random: Random
}

const MiB = 1 << 20

/** One cache, and with it one memory budget, for all databases of the process that name none. */
let processCache: BlockCache | undefined

function defaultBlockCache(): BlockCache {
  return (processCache ??= new BlockCache({ capacityBytes: 256 * MiB }))
}

let processManager: WriteBufferManager | undefined

function defaultWriteBufferManager(): WriteBufferManager {
  const { capacityBytes } = defaultBlockCache()
  return (processManager ??= new WriteBufferManager({ bufferSizeBytes: capacityBytes * 0.75 }))
}

const familyKeys: ReadonlySet<string> = new Set<keyof ColumnFamilyOptions>([
  'comparator',
  'mergeOperator',
  'ttlSeconds',
  'prefixExtractor',
  ...tableLayoutKeys,
  'writeBufferSizeBytes',
  'maxWriteBufferNumber',
  'compactionStyle',
  'compactionOptionsUniversal',
  'compactionOptionsFifo',
  'numLevels',
  'levelCompactionDynamicLevelBytes',
  'compactionPri',
  'ttl',
  'periodicCompactionSeconds',
  'compactionFilter',
  'maxBytesForLevelMultiplierAdditional',
  'maxCompactionBytes',
  'softPendingCompactionBytesLimit',
  'hardPendingCompactionBytesLimit',
  'level0FileNumCompactionTrigger',
  'level0SlowdownWritesTrigger',
  'level0StopWritesTrigger',
  'maxBytesForLevelBase',
  'maxBytesForLevelMultiplier',
  'targetFileSizeBaseBytes',
  'targetFileSizeMultiplier',
  'disableAutoCompactions',
])

const databaseKeys: ReadonlySet<string> = new Set<keyof DBOptions>([
  'createIfMissing',
  'errorIfExists',
  'createMissingColumnFamilies',
  'columnFamilies',
  'walDirectory',
  'fileSystem',
  'writeBufferSizeBytes',
  'dbWriteBufferSizeBytes',
  'maxTotalWalSizeBytes',
  'walRecoveryMode',
  'recycleLogFileNum',
  'trackAndVerifyWalsInManifest',
  'allowFallocate',
  'background',
  'maxBackgroundJobs',
  'maxBackgroundCompactions',
  'maxBackgroundFlushes',
  'maxSubcompactions',
  'rateLimiter',
  'delayedWriteRate',
  'listeners',
  'maxOpenFiles',
  'statistics',
  'writeBufferManager',
  'atomicFlush',
  'manualWalFlush',
  'paranoidChecks',
  'blockCache',
  'rowCacheBytes',
  'clock',
  'random',
])

const recoveryModes: ReadonlySet<string> = new Set<WalRecoveryMode>([
  'tolerateCorruptedTailRecords',
  'absoluteConsistency',
  'pointInTime',
  'skipAnyCorruptedRecords',
])

function checkKeys(options: object, known: ReadonlySet<string>): void {
  for (const key of Object.keys(options)) {
    if (!known.has(key)) throw new InvalidOptionError(key, 'is not known')
  }
}

function checkNumber(option: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new InvalidOptionError(
      option,
      `must be a number from ${min} to ${max}, is ${String(value)}`,
    )
  }
  return value
}

function checkOneOf<T extends string>(
  option: string,
  value: T,
  allowed: readonly string[] | ReadonlySet<string>,
): T {
  const list = [...allowed]
  if (!list.includes(value)) {
    throw new InvalidOptionError(option, `must be one of ${list.join(', ')}, is ${String(value)}`)
  }
  return value
}

function checkPrefixExtractor(
  extractor: string | PrefixExtractor | undefined,
): string | PrefixExtractor | undefined {
  if (typeof extractor === 'string' && prefixExtractorNamed(extractor) === undefined)
    throw new InvalidOptionError('prefixExtractor', `"${extractor}" is not known`)
  return extractor
}

/** Fills in the defaults. @throws InvalidOptionError for unknown keys and values out of range */
export function resolveColumnFamilyOptions(
  options: ColumnFamilyOptions,
  defaults: { readonly writeBufferSizeBytes: number },
): ResolvedColumnFamilyOptions {
  checkKeys(options, familyKeys)
  const number = (
    option: keyof ColumnFamilyOptions,
    fallback: number,
    min: number,
    max: number,
  ): number => checkNumber(option, (options[option] as number | undefined) ?? fallback, min, max)
  return {
    comparator: options.comparator ?? bytewiseComparator,
    mergeOperator: typeof options.mergeOperator === 'string' ? options.mergeOperator : undefined,
    userMergeOperator:
      typeof options.mergeOperator === 'object' ? options.mergeOperator : undefined,
    ttlSeconds: options.ttlSeconds === undefined ? undefined : number('ttlSeconds', 0, 0, 2 ** 31),
    prefixExtractor: checkPrefixExtractor(options.prefixExtractor),
    ...resolveTableLayout(options),
    writeBufferSizeBytes: number(
      'writeBufferSizeBytes',
      defaults.writeBufferSizeBytes,
      1024,
      1 << 30,
    ),
    maxWriteBufferNumber: number('maxWriteBufferNumber', 2, 2, 1000),
    ...resolveCompactionOptions(options),
    maxBytesForLevelBase: number('maxBytesForLevelBase', 256 * MiB, 1, Number.MAX_SAFE_INTEGER),
    maxBytesForLevelMultiplier: number('maxBytesForLevelMultiplier', 10, 1, 1000),
    targetFileSizeBaseBytes: number(
      'targetFileSizeBaseBytes',
      64 * MiB,
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    targetFileSizeMultiplier: number('targetFileSizeMultiplier', 1, 1, 1000),
    disableAutoCompactions: options.disableAutoCompactions ?? false,
  }
}

/** Fills in the defaults. @throws InvalidOptionError for unknown keys and values out of range */
export function resolveDBOptions(options: DBOptions): ResolvedDBOptions {
  checkKeys(options, databaseKeys)
  const fileSystem = options.fileSystem ?? nodeFileSystem
  const canUseWorker = fileSystem.kind === 'node'
  const background = checkOneOf(
    'background',
    options.background ?? (canUseWorker ? 'worker' : 'inline'),
    ['worker', 'inline'],
  )
  if (background === 'worker' && !canUseWorker) {
    throw new InvalidOptionError(
      'background',
      `a worker cannot reach a file system of kind "${fileSystem.kind}"`,
    )
  }
  const { columnFamilies } = options
  return {
    createIfMissing: options.createIfMissing ?? false,
    errorIfExists: options.errorIfExists ?? false,
    createMissingColumnFamilies:
      options.createMissingColumnFamilies ?? options.createIfMissing ?? false,
    columnFamilies: columnFamilies === '*' ? '*' : new Map(Object.entries(columnFamilies ?? {})),
    walDirectory: options.walDirectory,
    fileSystem,
    writeBufferSizeBytes: checkNumber(
      'writeBufferSizeBytes',
      options.writeBufferSizeBytes ?? 64 * MiB,
      1024,
      1 << 30,
    ),
    dbWriteBufferSizeBytes: checkNumber(
      'dbWriteBufferSizeBytes',
      options.dbWriteBufferSizeBytes ?? 0,
      0,
      2 ** 40,
    ),
    maxTotalWalSizeBytes: checkNumber(
      'maxTotalWalSizeBytes',
      options.maxTotalWalSizeBytes ?? 0,
      0,
      2 ** 50,
    ),
    walRecoveryMode: checkOneOf(
      'walRecoveryMode',
      options.walRecoveryMode ?? 'pointInTime',
      recoveryModes,
    ),
    recycleLogFileNum: checkNumber('recycleLogFileNum', options.recycleLogFileNum ?? 0, 0, 1000),
    trackAndVerifyWalsInManifest: options.trackAndVerifyWalsInManifest ?? false,
    allowFallocate: options.allowFallocate ?? true,
    background,
    ...resolveBackgroundOptions(options),
    maxOpenFiles: checkNumber('maxOpenFiles', options.maxOpenFiles ?? 2000, 1, 1 << 30),
    paranoidChecks: options.paranoidChecks ?? true,
    allow2pc: false,
    statistics: options.statistics,
    writeBufferManager:
      options.writeBufferManager ??
      (options.blockCache === undefined ? defaultWriteBufferManager() : undefined),
    atomicFlush: options.atomicFlush ?? false,
    manualWalFlush: options.manualWalFlush ?? false,
    blockCache: options.blockCache ?? defaultBlockCache(),
    rowCacheBytes: checkNumber('rowCacheBytes', options.rowCacheBytes ?? 0, 0, 2 ** 31),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  }
}

export { tableOptionsOf }
