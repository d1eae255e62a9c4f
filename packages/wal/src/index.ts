/**
 * RocksDB's write-ahead log: record framing, and the write batch a record holds.
 *
 * @packageDocumentation
 */
export { LogWriter, type LogWriterOptions } from './log/log-writer.ts'
export { LogReader } from './log/log-reader.ts'
export type { LogReaderOptions, WalRecoveryMode } from './log/log-reader-options.ts'
export {
  recordStart,
  WriteBatch,
  type ColumnFamilyRef,
  type WriteBatchEntryOptions,
} from './batch/write-batch.ts'
export {
  iterateWriteBatch,
  sequenceOfBatch,
  WriteBatchCursor,
  type WriteBatchHandler,
} from './batch/write-batch-cursor.ts'
export { readWriteBatches } from './batch/read-write-batches.ts'
// A log needs a file system to be opened from; the host's is at hand without a second install.
export { nodeFileSystem } from '@varve/vfs'
