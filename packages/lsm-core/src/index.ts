/**
 * An LSM store in pure TypeScript with column families, snapshots and files that RocksDB reads.
 *
 * @packageDocumentation
 */
export type { Backup, BackupFile } from './backup/backup-meta.ts'
export { listBackups, restoreBackup, type RestoreBackupOptions } from './backup/restore-backup.ts'
export type { IngestOptions } from './external/ingest.ts'
export {
  SstFileWriter,
  type ExternalFile,
  type SstFileWriterOptions,
} from './external/sst-file-writer.ts'
export type { Bytes } from './db/bytes.ts'
export { DB, type CompactRangeOptions, type PutOptions } from './db/db.ts'
export type { KeyRange } from './read/approximate-size.ts'
export type {
  ColumnFamilyHandle,
  Cursor,
  CursorOptions,
  MultiGetOptions,
  RangeOptions,
  ReadOptions,
  ScanOptions,
  Snapshot,
} from './db/handles.ts'
export type { ColumnFamilyOptions, CompressionName } from './options/column-family-options.ts'
export type { DBOptions, ReadOnlyDBOptions, WriteOptions } from './options/db-options.ts'
export type {
  OptimisticTransaction,
  OptimisticTransactionOptions,
} from './transaction/optimistic-transaction.ts'
export type { TransactionKeyOptions } from './transaction/transaction-base.ts'
export { TransactionDB, type TransactionDBWriteOptions } from './transaction/transaction-db.ts'
export type {
  GetForUpdateOptions,
  Transaction,
  TransactionState,
} from './transaction/transaction.ts'
export type { TransactionDBOptions, TransactionOptions } from './transaction/pessimistic-options.ts'
export type { KeyLockInfo } from './transaction/lock-manager.ts'
export {
  DeadlockError,
  LockLimitError,
  LockTimeoutError,
  TransactionExpiredError,
  type DeadlockPath,
  type DeadlockStep,
} from './transaction/transaction-errors.ts'
export { Statistics } from './statistics/statistics.ts'
export type { HistogramData } from './statistics/histogram.ts'
export type { HistogramName } from './statistics/histogram-names.ts'
export type { TickerName } from './statistics/ticker.ts'
export { WriteBatch, type ColumnFamilyRef, type WalRecoveryMode } from '@varve/wal'
