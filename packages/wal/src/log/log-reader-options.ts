import type { CorruptionError } from '@varve/base'

/**
 * How much damage a reader of a log forgives; RocksDB's `WALRecoveryMode`, same names in TypeScript's case.
 *
 * `tolerateCorruptedTailRecords`: a record cut off at the end of the log. `absoluteConsistency`: nothing.
 * `pointInTime`: all is reported; the database opens as it was before the damage. `skipAnyCorruptedRecords`: all is
 * reported; the database takes what it can read.
 */
export type WalRecoveryMode =
  'tolerateCorruptedTailRecords' | 'absoluteConsistency' | 'pointInTime' | 'skipAnyCorruptedRecords'

/** Options of {@link LogReader}. */
export interface LogReaderOptions {
  /** Default: `tolerateCorruptedTailRecords`, as a MANIFEST is read. */
  readonly recoveryMode?: WalRecoveryMode
  /** The log's own number, which recycled records must carry. Default: the number in the file name. */
  readonly logNumber?: number
  /** Bytes of the file that are the log; what lies behind is not looked at. Default: all. */
  readonly sizeBytes?: number
  /** Told of damage; reading goes on behind it. Default: the error is thrown by {@link LogReader.readRecord}. */
  readonly onCorruption?: (error: CorruptionError) => void
}
