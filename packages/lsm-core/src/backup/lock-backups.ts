import { join } from 'node:path'

import type { FileSystem } from '@varve/vfs'

/**
 * Keeps others that work here from a backup directory while it is changed. RocksDB does not look at the lock.
 *
 * @throws LockedError when somebody changes it
 */
export async function lockBackups(fs: FileSystem, directory: string): Promise<AsyncDisposable> {
  const lock = await fs.lock(join(directory, 'LOCK'))
  return { [Symbol.asyncDispose]: () => lock.release() }
}
