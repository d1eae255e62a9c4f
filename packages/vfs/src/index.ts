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
export { ioErrorCode, isNotFound, type SystemErrorCode } from './io-error.ts'
export { NodeFileSystem, nodeFileSystem } from './node/node-file-system.ts'
export { lowerThreadPriority } from './node/thread-priority.ts'
export {
  MemoryFileSystem,
  type CrashOptions,
  type MemoryFileSystemOptions,
} from './memory/memory-file-system.ts'
export {
  FaultInjectionFileSystem,
  type CallFault,
  type CallListener,
  type Fault,
  type FileOperation,
} from './fault/fault-injection-file-system.ts'
