import { InvalidOptionError } from '@varve/base'
import { FifoCompactionPicker, UniversalCompactionPicker } from '@varve/compaction'

import type { ColumnFamilyOptions, CompactionStyle } from './column-family-options.ts'
import type { ResolvedColumnFamilyOptions } from './resolve.ts'

type CompactionOptions = Pick<
  ResolvedColumnFamilyOptions,
  | 'compactionStyle'
  | 'compactionOptionsUniversal'
  | 'compactionOptionsFifo'
  | 'numLevels'
  | 'levelCompactionDynamicLevelBytes'
  | 'compactionPri'
  | 'ttl'
  | 'periodicCompactionSeconds'
  | 'compactionFilter'
  | 'maxBytesForLevelMultiplierAdditional'
  | 'maxCompactionBytes'
  | 'softPendingCompactionBytesLimit'
  | 'hardPendingCompactionBytesLimit'
  | 'level0FileNumCompactionTrigger'
  | 'level0SlowdownWritesTrigger'
  | 'level0StopWritesTrigger'
>

const MiB = 1 << 20
const GiB = 1024 * MiB
const secondsOf30Days = 30 * 24 * 60 * 60
/** RocksDB's number for never. */
const int32Max = 0x7fff_ffff
const styles = ['level', 'universal', 'fifo'] as const
const priorities = [
  'minOverlappingRatio',
  'byCompensatedSize',
  'oldestLargestSeqFirst',
  'oldestSmallestSeqFirst',
  'roundRobin',
] as const

/**
 * Fills in the defaults of a family's options of compaction; those of ages depend on the style, as in RocksDB.
 *
 * @throws InvalidOptionError for values out of range
 */
export function resolveCompactionOptions(options: ColumnFamilyOptions): CompactionOptions {
  const compactionStyle = oneOf('compactionStyle', options.compactionStyle ?? 'level', styles)
  const isLeveled = compactionStyle === 'level'
  const numLevels = whole('numLevels', options.numLevels ?? 7, isLeveled ? 2 : 1, 64)
  const targetFileSizeBaseBytes = options.targetFileSizeBaseBytes ?? 64 * MiB
  const { compactionFilter } = options
  const hasFilter = compactionFilter !== undefined || (options.ttlSeconds ?? 0) > 0
  const compactionOptionsUniversal = options.compactionOptionsUniversal ?? {}
  const compactionOptionsFifo = options.compactionOptionsFifo ?? {}
  checkKnown('compactionOptionsUniversal', compactionOptionsUniversal, [
    'sizeRatio',
    'minMergeWidth',
    'maxMergeWidth',
    'maxSizeAmplificationPercent',
    'stopStyle',
    'allowTrivialMove',
  ])
  checkKnown('compactionOptionsFifo', compactionOptionsFifo, [
    'maxTableFilesSize',
    'allowCompaction',
  ])
  // The pickers know the ranges.
  new UniversalCompactionPicker(compactionOptionsUniversal)
  new FifoCompactionPicker(compactionOptionsFifo)
  const most = Number.MAX_SAFE_INTEGER
  return {
    ...level0Triggers(options, compactionStyle),
    compactionStyle,
    compactionOptionsUniversal,
    compactionOptionsFifo,
    numLevels,
    levelCompactionDynamicLevelBytes: options.levelCompactionDynamicLevelBytes ?? true,
    compactionPri: oneOf(
      'compactionPri',
      options.compactionPri ?? 'minOverlappingRatio',
      priorities,
    ),
    ttl: whole('ttl', options.ttl ?? (isLeveled ? secondsOf30Days : 0), 0, most),
    periodicCompactionSeconds: whole(
      'periodicCompactionSeconds',
      options.periodicCompactionSeconds ??
        (hasFilter && compactionStyle !== 'fifo' ? secondsOf30Days : 0),
      0,
      most,
    ),
    compactionFilter: checkFilter(compactionFilter),
    maxBytesForLevelMultiplierAdditional: options.maxBytesForLevelMultiplierAdditional ?? [],
    maxCompactionBytes:
      whole('maxCompactionBytes', options.maxCompactionBytes ?? 0, 0, most) ||
      targetFileSizeBaseBytes * 25,
    softPendingCompactionBytesLimit: whole(
      'softPendingCompactionBytesLimit',
      options.softPendingCompactionBytesLimit ?? 64 * GiB,
      0,
      most,
    ),
    hardPendingCompactionBytesLimit: whole(
      'hardPendingCompactionBytesLimit',
      options.hardPendingCompactionBytesLimit ?? 256 * GiB,
      0,
      most,
    ),
  }
}

/**
 * Slowing never comes before compacting, nor stopping before slowing: as in RocksDB, later triggers are raised to earlier ones. FIFO
 * compaction keeps all tables in level 0, so their number says nothing there.
 */
function level0Triggers(
  options: ColumnFamilyOptions,
  style: CompactionStyle,
): Pick<
  CompactionOptions,
  'level0FileNumCompactionTrigger' | 'level0SlowdownWritesTrigger' | 'level0StopWritesTrigger'
> {
  const most = int32Max
  const trigger = whole(
    'level0FileNumCompactionTrigger',
    options.level0FileNumCompactionTrigger ?? 4,
    1,
    most,
  )
  const slowdown = whole(
    'level0SlowdownWritesTrigger',
    options.level0SlowdownWritesTrigger ?? 20,
    1,
    most,
  )
  const stop = whole('level0StopWritesTrigger', options.level0StopWritesTrigger ?? 36, 1, most)
  const isFifo = style === 'fifo'
  const slowdownFrom = Math.max(slowdown, trigger)
  return {
    level0FileNumCompactionTrigger: trigger,
    level0SlowdownWritesTrigger: isFifo ? int32Max : slowdownFrom,
    level0StopWritesTrigger: isFifo ? int32Max : Math.max(stop, slowdownFrom),
  }
}

function checkFilter(
  filter: ColumnFamilyOptions['compactionFilter'],
): ColumnFamilyOptions['compactionFilter'] {
  if (filter === undefined) return undefined
  if ('module' in filter) {
    const { module, export: name } = filter
    const isPlain = typeof module === 'string' || module instanceof URL
    if (isPlain && (name === undefined || typeof name === 'string')) return filter
  } else if (typeof filter.filter === 'function' && typeof filter.name === 'string') {
    return filter
  }
  throw new InvalidOptionError(
    'compactionFilter',
    'must have a name and a function, or name a module',
  )
}

function whole(option: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new InvalidOptionError(
      option,
      `must be a whole number from ${min} to ${max}, is ${String(value)}`,
    )
  }
  return value
}

function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value))
    throw new InvalidOptionError(option, `must be one of ${allowed.join(', ')}, is ${value}`)
  return value
}

function checkKnown(option: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given))
    if (!known.includes(key)) throw new InvalidOptionError(`${option}.${key}`, 'is not known')
}
