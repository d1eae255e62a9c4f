import type {
  AbstractBatchOptions,
  AbstractChainedBatchWriteOptions,
  AbstractDatabaseOptions,
  AbstractDelOptions,
  AbstractOpenOptions,
  AbstractPutOptions,
} from 'abstract-level'
import type { ColumnFamilyOptions, DBOptions } from '@varve/lsm-core'

/** Options of {@link VarveLevel.open}. */
export interface OpenOptions extends AbstractOpenOptions {
  /** Options of the store below; see DBOptions of `@varve/lsm-core`. */
  readonly store?: Omit<
    DBOptions,
    'createIfMissing' | 'errorIfExists' | 'createMissingColumnFamilies' | 'columnFamilies'
  >
  /** How the data is kept: compression, sizes, Bloom filter. The order is that of bytes, as Level says. */
  readonly family?: Omit<ColumnFamilyOptions, 'comparator' | 'mergeOperator'>
}

/** Options of the constructor: encodings, and those of opening. */
export interface DatabaseOptions<K, V>
  extends AbstractDatabaseOptions<K, V>, Pick<OpenOptions, 'store' | 'family'> {}

/** What a write takes besides encodings. */
export interface SyncOption {
  /** Make it survive a loss of power before it is acknowledged. Default false: it survives the death of the process. */
  readonly sync?: boolean | undefined
}

/** Options of {@link VarveLevel.put}. */
export interface PutOptions<K, V> extends AbstractPutOptions<K, V>, SyncOption {}

/** Options of {@link VarveLevel.del}. */
export interface DelOptions<K> extends AbstractDelOptions<K>, SyncOption {}

/** Options of {@link VarveLevel.batch} with an array. */
export interface BatchOptions<K, V> extends AbstractBatchOptions<K, V>, SyncOption {}

/** Options of {@link ChainedBatch.write}. */
export interface ChainedBatchWriteOptions extends AbstractChainedBatchWriteOptions, SyncOption {}
