import type { OptionsFile } from '@varve/manifest'
import type { WalRecoveryMode } from '@varve/wal'

import type { DBOptions } from '../options/db-options.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import { booleanOf, defined, sizeOf, valueNamed, type NameTable } from './option-values.ts'

const recoveryModes: NameTable<WalRecoveryMode> = {
  tolerateCorruptedTailRecords: 'kTolerateCorruptedTailRecords',
  absoluteConsistency: 'kAbsoluteConsistency',
  pointInTime: 'kPointInTimeRecovery',
  skipAnyCorruptedRecords: 'kSkipAnyCorruptedRecords',
}

/** The section `DBOptions`. `walDirectory` is given when it is not the database's. */
export function databaseSectionOf(
  options: ResolvedDBOptions,
  walDirectory: string | undefined,
): Map<string, string> {
  return new Map([
    ['create_if_missing', String(options.createIfMissing)],
    ['create_missing_column_families', String(options.createMissingColumnFamilies)],
    ['paranoid_checks', String(options.paranoidChecks)],
    ['max_open_files', String(options.maxOpenFiles)],
    ['max_total_wal_size', String(options.maxTotalWalSizeBytes)],
    ['db_write_buffer_size', String(options.dbWriteBufferSizeBytes)],
    ['wal_recovery_mode', recoveryModes[options.walRecoveryMode]],
    ['recycle_log_file_num', String(options.recycleLogFileNum)],
    ['track_and_verify_wals_in_manifest', String(options.trackAndVerifyWalsInManifest)],
    ['allow_fallocate', String(options.allowFallocate)],
    ['atomic_flush', String(options.atomicFlush)],
    ['manual_wal_flush', String(options.manualWalFlush)],
    ['max_background_flushes', String(options.maxBackgroundFlushes)],
    ['max_background_compactions', String(options.maxBackgroundCompactions)],
    ['max_subcompactions', String(options.maxSubcompactions)],
    ['delayed_write_rate', String(Math.round(options.delayedWriteRate))],
    // Without it RocksDB refuses a log with prepared transactions.
    ...(options.allow2pc ? [['allow_2pc', 'true'] as const] : []),
    ...(walDirectory === undefined ? [] : [['wal_dir', walDirectory] as const]),
  ])
}

/** The options of a database, read from a section of any RocksDB from 5.18 on. */
export function databaseOptionsOf({ database: o }: OptionsFile): DBOptions {
  const positive = (name: string): number | undefined => {
    const value = sizeOf(o.get(name))
    return value === 0 ? undefined : value
  }
  return defined<DBOptions>({
    paranoidChecks: booleanOf(o.get('paranoid_checks')),
    maxOpenFiles: positive('max_open_files'),
    maxTotalWalSizeBytes: sizeOf(o.get('max_total_wal_size')),
    dbWriteBufferSizeBytes: sizeOf(o.get('db_write_buffer_size')),
    walRecoveryMode: valueNamed(recoveryModes, o.get('wal_recovery_mode')),
    recycleLogFileNum: sizeOf(o.get('recycle_log_file_num')),
    trackAndVerifyWalsInManifest: booleanOf(o.get('track_and_verify_wals_in_manifest')),
    allowFallocate: booleanOf(o.get('allow_fallocate')),
    atomicFlush: booleanOf(o.get('atomic_flush')),
    manualWalFlush: booleanOf(o.get('manual_wal_flush')),
    maxBackgroundJobs: positive('max_background_jobs'),
    maxBackgroundFlushes: positive('max_background_flushes'),
    maxBackgroundCompactions: positive('max_background_compactions'),
    maxSubcompactions: positive('max_subcompactions'),
    delayedWriteRate: positive('delayed_write_rate'),
  })
}
