/**
 * An LSM store in pure TypeScript with column families, snapshots and files that RocksDB reads.
 *
 * @packageDocumentation
 */
export type { Backup, BackupFile } from './backup/backup-meta.ts'
export {
  listBackups,
  listCorruptBackups,
  type BackupDirectoryOptions,
  type CorruptBackup,
} from './backup/backup-directory.ts'
export type { BackupOptions } from './backup/create-backup.ts'
export { collectBackupGarbage, deleteBackup, purgeOldBackups } from './backup/remove-backups.ts'
export { restoreBackup, type RestoreBackupOptions } from './backup/restore-backup.ts'
export { verifyBackup, type VerifyBackupOptions } from './backup/verify-backup.ts'
export { repairDb, type RepairOptions, type RepairReport } from './repair/repair-db.ts'
export type { DamagedFile } from './repair/scan-tables.ts'
export { destroyDb, type DestroyOptions } from './files/destroy-db.ts'
export type { IngestOptions } from './external/ingest.ts'
export {
  SstFileWriter,
  type ExternalFile,
  type SstFileWriterOptions,
} from './external/sst-file-writer.ts'
export type { Bytes } from './db/bytes.ts'
export { DB } from './db/db.ts'
export type { FlushOptions } from './background/flush-on-request.ts'
export type {
  BottommostLevelCompaction,
  CompactRangeOptions,
  InclusiveRange,
  ManualCompactionOptions,
} from './background/manual-compaction.ts'
export { loadLatestOptions, type LatestOptions } from './options-file/read-options-file.ts'
export type { KeyRange } from './read/approximate-size.ts'
export type {
  ColumnFamilyHandle,
  Cursor,
  CursorOptions,
  MultiGetOptions,
  PutOptions,
  RangeOptions,
  ReadOptions,
  ScanOptions,
  Snapshot,
} from './db/handles.ts'
export type {
  ChecksumName,
  ColumnFamilyOptions,
  CompactionStyle,
  CompressionName,
  IndexName,
  TableLayoutOptions,
} from './options/column-family-options.ts'
export type { CompactionFilterModule } from './options/compaction-filter-module.ts'
export type {
  BackgroundErrorInfo,
  CompactionInfo,
  EventListener,
  ExternalFileIngestionInfo,
  FlushInfo,
  MemTableInfo,
  TableFileCreationInfo,
  TableFileDeletionInfo,
  TableFileInfo,
  WriteStallCondition,
  WriteStallInfo,
} from './options/event-listener.ts'
export {
  RateLimiter,
  type CompactionDecision,
  type CompactionFilter,
  type CompactionFilterContext,
  type CompactionPriority,
  type CompactionReason,
  type FifoCompactionOptions,
  type FilteredType,
  type IoPriority,
  type RateLimiterOptions,
  type UniversalCompactionOptions,
  type WriteStallCause,
} from '@varve/compaction'
export type {
  DBOptions,
  ReadOnlyDBOptions,
  SecondaryDBOptions,
  WriteOptions,
} from './options/db-options.ts'
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
export type { KeyLockInfo, LockOwner } from './transaction/lock-manager.ts'
export {
  DeadlockError,
  LockLimitError,
  LockTimeoutError,
  TransactionExpiredError,
  type DeadlockPath,
  type DeadlockStep,
} from './transaction/transaction-errors.ts'
export type { MutableColumnFamilyOptions, MutableDBOptions } from './options/dynamic-options.ts'
export type { ColumnFamilyMetaData, LiveFileMetaData } from './properties/table-metadata.ts'
export { WriteBufferManager } from './write/write-buffer-manager.ts'
export type { MergeOperator } from '@varve/compaction'
export type { TableProperties } from '@varve/sst-format'
export { Statistics } from './statistics/statistics.ts'
export type { HistogramData } from './statistics/histogram.ts'
export { histogramNames, type HistogramName } from './statistics/histogram-names.ts'
export { tickerNames, type TickerName } from './statistics/ticker.ts'
export { WriteBatch, type ColumnFamilyRef, type WalRecoveryMode } from '@varve/wal'
