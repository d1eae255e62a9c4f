import { InvalidOptionError } from '@varve/base'

import type { ColumnFamilyOptions } from './column-family-options.ts'
import type { DBOptions } from './db-options.ts'
import { resolveBackgroundOptions } from './resolve-background.ts'
import {
  resolveColumnFamilyOptions,
  resolveDBOptions,
  type ResolvedColumnFamilyOptions,
  type ResolvedDBOptions,
} from './resolve.ts'

/** What a family is for as long as it is open. */
const fixedFamilyOptions = [
  'comparator',
  'mergeOperator',
  'ttlSeconds',
  'compactionStyle',
  'numLevels',
  'levelCompactionDynamicLevelBytes',
  'compactionPri',
  'compactionFilter',
] as const satisfies readonly Exclude<keyof ColumnFamilyOptions, keyof MutableColumnFamilyOptions>[]

/** Options of a family that {@link DB.setOptions} changes; those that RocksDB calls mutable. */
export type MutableColumnFamilyOptions = Omit<
  ColumnFamilyOptions,
  | 'comparator'
  | 'mergeOperator'
  | 'ttlSeconds'
  | 'compactionStyle'
  | 'numLevels'
  | 'levelCompactionDynamicLevelBytes'
  | 'compactionPri'
  | 'compactionFilter'
>

const mutableDBOptions = [
  'maxBackgroundJobs',
  'maxBackgroundCompactions',
  'maxBackgroundFlushes',
  'maxSubcompactions',
  'maxTotalWalSizeBytes',
  'dbWriteBufferSizeBytes',
  'maxOpenFiles',
] as const satisfies readonly (keyof MutableDBOptions)[]

/** Options of a database that {@link DB.setDBOptions} changes. */
export type MutableDBOptions = Pick<
  DBOptions,
  | 'maxBackgroundJobs'
  | 'maxBackgroundCompactions'
  | 'maxBackgroundFlushes'
  | 'maxSubcompactions'
  | 'maxTotalWalSizeBytes'
  | 'dbWriteBufferSizeBytes'
  | 'maxOpenFiles'
>

/** Options as a user would give them to get the same. */
export function givenFamilyOptions(resolved: ResolvedColumnFamilyOptions): ColumnFamilyOptions {
  const { userMergeOperator, ...options } = resolved
  const entries = Object.entries({
    ...options,
    mergeOperator: options.mergeOperator ?? userMergeOperator,
  }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries)
}

/**
 * A family's options with some of them changed.
 *
 * @throws InvalidOptionError for those that stay while the family is open, for unknown ones and values out of range
 */
export function changeFamilyOptions(
  current: ResolvedColumnFamilyOptions,
  changes: MutableColumnFamilyOptions,
  database: ResolvedDBOptions,
): ResolvedColumnFamilyOptions {
  for (const name of fixedFamilyOptions)
    if (name in changes)
      throw new InvalidOptionError(name, 'cannot be changed while the family is open')
  return resolveColumnFamilyOptions({ ...givenFamilyOptions(current), ...changes }, database)
}

/**
 * A database's options with some of them changed.
 *
 * @throws InvalidOptionError for those that stay while the database is open, for unknown ones and values out of range
 */
export function changeDBOptions(
  current: ResolvedDBOptions,
  changes: MutableDBOptions,
): ResolvedDBOptions {
  const known: readonly string[] = mutableDBOptions
  for (const name of Object.keys(changes))
    if (!known.includes(name))
      throw new InvalidOptionError(name, 'cannot be changed while the database is open')
  // Checks the ranges of all of them.
  const { maxOpenFiles, maxTotalWalSizeBytes, dbWriteBufferSizeBytes } = resolveDBOptions({
    fileSystem: current.fileSystem,
    blockCache: current.blockCache,
    maxOpenFiles: current.maxOpenFiles,
    maxTotalWalSizeBytes: current.maxTotalWalSizeBytes,
    dbWriteBufferSizeBytes: current.dbWriteBufferSizeBytes,
    ...changes,
  })
  const byJobs = changes.maxBackgroundJobs !== undefined
  const background = resolveBackgroundOptions({
    ...(byJobs
      ? {}
      : {
          maxBackgroundCompactions: current.maxBackgroundCompactions,
          maxBackgroundFlushes: current.maxBackgroundFlushes,
        }),
    maxSubcompactions: current.maxSubcompactions,
    ...changes,
  })
  const { maxBackgroundCompactions, maxBackgroundFlushes, maxSubcompactions } = background
  return {
    ...current,
    maxOpenFiles,
    maxTotalWalSizeBytes,
    dbWriteBufferSizeBytes,
    maxBackgroundCompactions,
    maxBackgroundFlushes,
    maxSubcompactions,
  }
}
