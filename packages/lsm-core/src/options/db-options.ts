import type { Clock, Random } from '@varve/base'
import type { RateLimiter } from '@varve/compaction'
import type { BlockCache } from '@varve/sst-format'
import type { FileSystem } from '@varve/vfs'
import type { WalRecoveryMode } from '@varve/wal'

import type { Statistics } from '../statistics/statistics.ts'
import type { WriteBufferManager } from '../write/write-buffer-manager.ts'
import type { EventListener } from './event-listener.ts'
import type { ColumnFamilyOptions } from './column-family-options.ts'

/** Options of {@link DB.open}. */
export interface DBOptions {
  /** Make the database when there is none. Default false. */
  readonly createIfMissing?: boolean
  /** Fail when there is one. Default false. */
  readonly errorIfExists?: boolean
  /** Make the families of `columnFamilies` that the database has not. Default: as `createIfMissing`. */
  readonly createMissingColumnFamilies?: boolean
  /**
   * Families by name with their options. Opening for writing must name every family that exists (`default` may be left
   * out); `'*'` opens all of them with default options.
   */
  readonly columnFamilies?: Readonly<Record<string, ColumnFamilyOptions>> | '*'
  /** Directory of the logs; a relative path counts from the database's directory. Default: that directory. */
  readonly walDirectory?: string
  /** Default: the host's disk. */
  readonly fileSystem?: FileSystem
  /** Default for families that set none: 64 MiB. */
  readonly writeBufferSizeBytes?: number
  /** Memtables of all families together; beyond it the largest is flushed, by the rule of `WriteBufferManager`. Default 0: no bound. */
  readonly dbWriteBufferSizeBytes?: number
  /**
   * Bound of the memtables of several databases together. Default: one of three quarters of the default cache, for all databases
   * of the process that name neither a cache nor a manager of their own.
   */
  readonly writeBufferManager?: WriteBufferManager
  /**
   * WAL files together; beyond it the families that pin the oldest are flushed. Default 0: 4 × all write buffers. With a single family
   * it bounds the log of a memtable whose values are written over: 4 × one write buffer.
   */
  readonly maxTotalWalSizeBytes?: number
  /**
   * Flush all families together, in one change of the MANIFEST: then what skipped the log (`disableWal`) is also found again for
   * all families of a batch or for none. Default false.
   */
  readonly atomicFlush?: boolean
  /**
   * Keep records of the log in memory, up to 1 MiB of them, until {@link DB.flushWal}, a write with `sync`, or a new log: a write is
   * then acknowledged before it would survive the death of the process. What is lost is the end of the history. Default false.
   */
  readonly manualWalFlush?: boolean
  /** Default `pointInTime`. */
  readonly walRecoveryMode?: WalRecoveryMode
  /**
   * Logs that nobody needs any more and that are kept to be written over by new ones, at most: a sync is cheaper in a file that
   * already has its length. Has no effect with the recovery modes `tolerateCorruptedTailRecords` and `absoluteConsistency`,
   * which could not tell the end of such a log from damage. Default 0: logs are removed.
   */
  readonly recycleLogFileNum?: number
  /**
   * Have the MANIFEST say which finished logs were synced, and with what size; opening with it refuses a database where one is
   * missing or shorter, with a CorruptionError. Costs a write of the MANIFEST a log. Default false.
   */
  readonly trackAndVerifyWalsInManifest?: boolean
  /**
   * Write zeros ahead of the end of a log that is synced often, for the same reason; they are cut off when the log is
   * finished. Has no effect with the same recovery modes. Turn it off where RocksDB follows the open database as a secondary, which
   * would take the zeros for the end of a block. Default true.
   */
  readonly allowFallocate?: boolean
  /**
   * Where flush and compaction run: `worker` in threads shared by all databases of the process (host's disk only),
   * `inline` in the calling thread, in slices that yield. Default: `worker` where it can be.
   */
  readonly background?: 'worker' | 'inline'
  /** Counts what the database does; may be given to several. Default: nothing is counted. */
  readonly statistics?: Statistics
  /** Flushes and compactions of this database that run at once; a quarter of them, but one at least, are flushes. Default 2. */
  readonly maxBackgroundJobs?: number
  /** Compactions at once, instead of what `maxBackgroundJobs` gives. */
  readonly maxBackgroundCompactions?: number
  /** Flushes at once, instead of what `maxBackgroundJobs` gives. */
  readonly maxBackgroundFlushes?: number
  /** Parts into which a large compaction is cut, to run at the same time. Default 1. */
  readonly maxSubcompactions?: number
  /** Bounds how fast flushes and compactions write; may be given to several databases. Default: no bound. */
  readonly rateLimiter?: RateLimiter
  /** Bytes per second that slowed writes get at first. Default 16 MiB, or what the rate limiter grants. */
  readonly delayedWriteRate?: number
  /** Told what the database does by itself. */
  readonly listeners?: readonly EventListener[]
  /** Tables that are open at once; cursors may hold more. Default 2000. */
  readonly maxOpenFiles?: number
  /** Check sizes and contents of more than is needed. Default true. */
  readonly paranoidChecks?: boolean
  /** Cache of table blocks and budget of memory. Default: one of 256 MiB, shared by all databases of the process. */
  readonly blockCache?: BlockCache
  /**
   * Memory for the values of single keys that were read, counted against the budget of `blockCache`. Pays where the same keys are read and
   * written over and over, as the state of a stream is. Not used by families with a time to live, a compaction filter or FIFO compaction.
   * Default 0: none.
   */
  readonly rowCacheBytes?: number
  readonly clock?: Clock
  readonly random?: Random
}

/** Options of {@link DB.openReadOnly}. */
export type ReadOnlyDBOptions = Pick<
  DBOptions,
  | 'columnFamilies'
  | 'walDirectory'
  | 'fileSystem'
  | 'walRecoveryMode'
  | 'statistics'
  | 'maxOpenFiles'
  | 'blockCache'
  | 'clock'
> & {
  /** Refuse a database with logs that are not empty: what is in them would be shown and is not in tables yet. Default false. */
  readonly errorIfWalFileExists?: boolean
}

/** Options of {@link DB.openAsSecondary}. */
export type SecondaryDBOptions = Omit<ReadOnlyDBOptions, 'errorIfWalFileExists'>

/** How a write is made. */
export interface WriteOptions {
  /** Make it survive a loss of power before it is acknowledged. Default false: it survives the death of the process. */
  readonly sync?: boolean
  /** Skip the log: lost with the process unless flushed. Default false. */
  readonly disableWal?: boolean
}
