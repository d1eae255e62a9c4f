import type { ColumnFamilyRef } from '@varve/wal'

import type { WriteOptions } from '../options/db-options.ts'

/** A column family of an open database. */
export interface ColumnFamilyHandle extends ColumnFamilyRef {
  readonly id: number
  readonly name: string
}

/** A pinned order: reads with it see what was written before it and nothing after. */
export interface Snapshot extends Disposable {
  readonly sequence: number
  /** Lets go; idempotent. */
  release(): void
}

/** What to read. */
export interface ReadOptions {
  /** Default: the family `default`. */
  readonly cf?: ColumnFamilyHandle | undefined
  /** Default: the latest state. */
  readonly snapshot?: Snapshot | undefined
}

/** Options of single writes. */
export interface PutOptions extends WriteOptions {
  /** Default: the family `default`. */
  readonly cf?: ColumnFamilyHandle | undefined
}

/** Options of {@link DB.multiGet}. */
export interface MultiGetOptions extends ReadOptions {
  /** Family of each key, as many as there are keys, instead of one for all. */
  readonly columnFamilies?: readonly ColumnFamilyHandle[] | undefined
}

/** Options of {@link DB.cursor}. */
export interface CursorOptions extends RangeOptions {
  /**
   * See what is written after the cursor was made, and keep the place: `next` at the end looks whether something has come
   * behind the last key. Goes forward only. Default false.
   */
  readonly tailing?: boolean
  /** End with the prefix of the key that was sought, in a family with a prefix extractor. Default false. */
  readonly prefixSameAsStart?: boolean
  /** `memtable` reads what is not in tables yet, and nothing else. Default `all`. */
  readonly readTier?: 'all' | 'memtable'
  /** Whether blocks that are read go into the cache. Default true; false is for large scans. */
  readonly fillCache?: boolean
  /** Read so many bytes of a table at a time, past the cache. Default 0: one block at a time. */
  readonly readaheadBytes?: number
}

/** A range of user keys in the family's order. */
export interface RangeOptions extends ReadOptions {
  readonly gt?: string | Uint8Array | undefined
  readonly gte?: string | Uint8Array | undefined
  readonly lt?: string | Uint8Array | undefined
  readonly lte?: string | Uint8Array | undefined
}

/** Options of {@link DB.range}. */
export interface ScanOptions extends RangeOptions {
  /** From the greatest key to the least. Default false. */
  readonly reverse?: boolean
  /** Entries at most. Default: all. */
  readonly limit?: number
}

/**
 * A position in the visible entries of a range, at the moment the cursor was made or the snapshot given.
 *
 * Synchronous; holds memtables and tables until closed. `key` and `value` are views borrowed until the next move or `close`: their memory is
 * used again.
 */
export interface Cursor extends Disposable {
  readonly valid: boolean
  readonly key: Uint8Array
  readonly value: Uint8Array
  seekToFirst(): void
  seekToLast(): void
  /** First entry at or after `key`. */
  seek(key: string | Uint8Array): void
  /** Last entry at or before `key`. */
  seekForPrev(key: string | Uint8Array): void
  next(): void
  prev(): void
  /** Lets go of the state that it reads and takes that of this moment, or of a snapshot; it must be positioned anew. */
  refresh(snapshot?: Snapshot): void
  close(): void
}
