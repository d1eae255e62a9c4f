/**
 * File systems: the real one, one in memory that loses what was not synced, and one that injects faults.
 *
 * @packageDocumentation
 */
export type {
  FileLock,
  FileStat,
  FileSystem,
  OpenWritableOptions,
  RandomAccessFile,
  WritableFile,
} from './file-system.ts'
