/**
 * An abstract-level database over the LSM store: the Level API on files that RocksDB reads.
 *
 * @packageDocumentation
 */
export { VarveLevel } from './varve-level.ts'
export type { Formatted } from './format.ts'
export type { ChainedBatch } from './chained-batch.ts'
export type { LevelError } from './level-error.ts'
export type {
  BatchOptions,
  ChainedBatchWriteOptions,
  DatabaseOptions,
  DelOptions,
  OpenOptions,
  PutOptions,
  SyncOption,
} from './options.ts'
