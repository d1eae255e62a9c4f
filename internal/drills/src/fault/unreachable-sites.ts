/**
 * Calls of the file system that nobody who uses the engine can bring about, by file, function and method, with the reason. What is
 * not here must be reached; what is here must not.
 */
export const unreachableSites: ReadonlyMap<string, string> = new Map([
  [
    'packages/lsm-core/src/write/buffered-file.ts truncate WritableFile.truncate',
    'the interface has it; logs, the only files that are buffered, are cut without waiting',
  ],
  [
    'packages/lsm-core/src/open/check-files.ts checkTables FileSystem.exists',
    'asked for tables in one of several directories only, which a database made here does not have',
  ],
])
