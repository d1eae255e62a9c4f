import { InvalidOptionError } from '@varve/base'

import type { DBOptions } from './db-options.ts'
import type { ResolvedDBOptions } from './resolve.ts'

type BackgroundOptions = Pick<
  ResolvedDBOptions,
  | 'maxBackgroundCompactions'
  | 'maxBackgroundFlushes'
  | 'maxSubcompactions'
  | 'rateLimiter'
  | 'delayedWriteRate'
  | 'listeners'
>

/**
 * Fills in the defaults of flush and compaction of a database: of `maxBackgroundJobs` a quarter are flushes, one at least, the
 * others compactions, as in RocksDB.
 *
 * @throws InvalidOptionError for values out of range
 */
export function resolveBackgroundOptions(options: DBOptions): BackgroundOptions {
  const jobs = count('maxBackgroundJobs', options.maxBackgroundJobs ?? 2)
  const flushes = Math.max(1, Math.floor(jobs / 4))
  const { rateLimiter } = options
  const delayedWriteRate =
    options.delayedWriteRate ?? rateLimiter?.bytesPerSecond ?? 16 * 1024 * 1024
  if (!(delayedWriteRate > 0))
    throw new InvalidOptionError('delayedWriteRate', `must be above 0, is ${delayedWriteRate}`)
  return {
    maxBackgroundFlushes: count('maxBackgroundFlushes', options.maxBackgroundFlushes ?? flushes),
    maxBackgroundCompactions: count(
      'maxBackgroundCompactions',
      options.maxBackgroundCompactions ?? Math.max(1, jobs - flushes),
    ),
    maxSubcompactions: count('maxSubcompactions', options.maxSubcompactions ?? 1),
    rateLimiter,
    delayedWriteRate,
    listeners: options.listeners ?? [],
  }
}

function count(option: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 1024)
    throw new InvalidOptionError(option, `must be a whole number from 1 to 1024, is ${value}`)
  return value
}
