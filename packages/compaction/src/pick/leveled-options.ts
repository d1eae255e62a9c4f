import { InvalidOptionError } from '@varve/base'

import type { CompressionByPlace } from './compaction.ts'
import type { CompactionPriority } from './file-priority.ts'

/** Options of leveled compaction. Fields that are absent take the default. */
export interface LeveledCompactionOptions {
  /** Level-0 tables that start a compaction. Default 4. */
  readonly level0FileNumCompactionTrigger?: number
  /** Target size of level 1 (of the base level when levels are dynamic). Default 256 MiB. */
  readonly maxBytesForLevelBase?: number
  /** Growth from level to level. Default 10. */
  readonly maxBytesForLevelMultiplier?: number
  /** By level: factor on the growth to the next one; levels beyond have 1. Static level sizes only. Default none. */
  readonly maxBytesForLevelMultiplierAdditional?: readonly number[]
  /** Table size aimed at in level 1. Default 64 MiB. */
  readonly targetFileSizeBaseBytes?: number
  /** Growth of the table size from level to level. Default 1. */
  readonly targetFileSizeMultiplier?: number
  /** Bound of one compaction's input and of an output's overlap with the level after. Default 25 × table size. */
  readonly maxCompactionBytes?: number
  /** Fill the last level first and derive the targets of the others from it. Default true. */
  readonly dynamicLevelBytes?: boolean
  /** End tables where those of the level after do, at half to twice the size aimed at. Default true. */
  readonly dynamicFileSize?: boolean
  /** Which table of a level goes first. Default `minOverlappingRatio`. */
  readonly compactionPri?: CompactionPriority
  /** Seconds after which data goes down a level, 0 never. Default 30 days. */
  readonly ttl?: number
  /** Seconds after which a table is rewritten, 0 never. Default 0. */
  readonly periodicCompactionSeconds?: number
  /** A table is moved as it is only between places of the same compression. */
  readonly compressionOf?: CompressionByPlace
}

/** {@link LeveledCompactionOptions}, complete. @internal */
export type ResolvedLeveledOptions = Required<Omit<LeveledCompactionOptions, 'compressionOf'>> &
  Pick<LeveledCompactionOptions, 'compressionOf'>

const secondsOf30Days = 30 * 24 * 60 * 60

const mayBeZero: ReadonlySet<string> = new Set(['ttl', 'periodicCompactionSeconds'])

/** Fills in the defaults. @throws InvalidOptionError for a number that is not positive @internal */
export function resolveLeveledOptions(
  options: LeveledCompactionOptions = {},
): ResolvedLeveledOptions {
  const targetFileSizeBaseBytes = options.targetFileSizeBaseBytes ?? 64 * 1024 * 1024
  const resolved = {
    level0FileNumCompactionTrigger: options.level0FileNumCompactionTrigger ?? 4,
    maxBytesForLevelBase: options.maxBytesForLevelBase ?? 256 * 1024 * 1024,
    maxBytesForLevelMultiplier: options.maxBytesForLevelMultiplier ?? 10,
    maxBytesForLevelMultiplierAdditional: options.maxBytesForLevelMultiplierAdditional ?? [],
    targetFileSizeBaseBytes,
    targetFileSizeMultiplier: options.targetFileSizeMultiplier ?? 1,
    maxCompactionBytes: options.maxCompactionBytes ?? targetFileSizeBaseBytes * 25,
    dynamicLevelBytes: options.dynamicLevelBytes ?? true,
    dynamicFileSize: options.dynamicFileSize ?? true,
    compactionPri: options.compactionPri ?? 'minOverlappingRatio',
    ttl: options.ttl ?? secondsOf30Days,
    periodicCompactionSeconds: options.periodicCompactionSeconds ?? 0,
    ...(options.compressionOf === undefined ? {} : { compressionOf: options.compressionOf }),
  }
  for (const [name, value] of Object.entries(resolved)) {
    if (typeof value === 'number' && !(value > 0 || (value === 0 && mayBeZero.has(name)))) {
      throw new InvalidOptionError(name, `must be above 0, is ${value}`)
    }
  }
  return resolved
}
