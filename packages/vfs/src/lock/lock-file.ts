import fs from 'node:fs'

import { LockedError, resourceClosed, resourceOpened } from '@varve/base'

import type { FileLock } from '../file-system.ts'
import { toIoError } from '../io-error.ts'
import { acquirePidFile } from './pid-file.ts'
import { acquireSocketName } from './socket-name.ts'

/** What holds a lock of the operating system; gives it back. */
export type Release = () => Promise<void>

/** Locks of this process by device and inode; closes the gap between two calls that wait for the system at once. */
const held = new Set<string>()

/**
 * Exclusive lock on a file without native code, given back by the kernel when the process dies in any way.
 *
 * Linux: listening on an abstract Unix socket whose name holds device and inode of the file. Windows: the same with a
 * named pipe. Elsewhere: a file with the owner's process id and start time.
 *
 * Law: this excludes other Varve processes (in the same network namespace), not RocksDB, whose own `fcntl` lock cannot be
 * taken or seen from JavaScript. Never open one directory with both for writing at the same time.
 */
export async function lockFile(path: string): Promise<FileLock> {
  let name: string
  try {
    fs.closeSync(fs.openSync(path, 'a', 0o644))
    const stat = fs.statSync(path, { bigint: true })
    name = `${stat.dev.toString(16)}-${stat.ino.toString(16)}`
  } catch (error) {
    throw toIoError('lock', path, error)
  }
  if (held.has(name)) throw new LockedError(path)
  held.add(name)
  let release: Release | undefined
  try {
    release = await acquire(path, name)
  } catch (error) {
    held.delete(name)
    throw toIoError('lock', path, error)
  }
  if (release === undefined) {
    held.delete(name)
    throw new LockedError(path)
  }
  return new HeldLock(path, name, release)
}

/** Undefined when another owner lives. */
function acquire(path: string, name: string): Promise<Release | undefined> {
  switch (process.platform) {
    case 'linux':
    case 'android':
      return acquireSocketName(`\0varve-lock-${name}`)
    case 'win32':
      return acquireSocketName(`\\\\.\\pipe\\varve-lock-${name}`)
    default:
      return acquirePidFile(`${path}.pid`)
  }
}

class HeldLock implements FileLock {
  readonly #name: string
  #release: Release | undefined

  constructor(path: string, name: string, release: Release) {
    this.#name = name
    this.#release = release
    resourceOpened(this, `lock ${path}`)
  }

  async release(): Promise<void> {
    const release = this.#release
    if (release === undefined) return
    this.#release = undefined
    try {
      await release()
    } finally {
      held.delete(this.#name)
      resourceClosed(this)
    }
  }
}
