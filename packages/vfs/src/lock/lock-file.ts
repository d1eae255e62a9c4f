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
 * The file stays open until the lock is given back, so that nobody else's file gets the inode when this one is deleted meanwhile.
 *
 * Law: this excludes other Varve processes (in the same network namespace), not RocksDB, whose own `fcntl` lock cannot be
 * taken or seen from JavaScript. Never open one directory with both for writing at the same time.
 */
export async function lockFile(path: string): Promise<FileLock> {
  let descriptor: number
  try {
    descriptor = fs.openSync(path, 'a', 0o644)
  } catch (error) {
    throw toIoError('lock', path, error)
  }
  try {
    const release = await hold(path, descriptor)
    return new HeldLock(path, async () => {
      try {
        await release()
      } finally {
        fs.closeSync(descriptor)
      }
    })
  } catch (error) {
    fs.closeSync(descriptor)
    throw error
  }
}

/** Takes the lock of the open file. @throws LockedError when another owner lives */
async function hold(path: string, descriptor: number): Promise<Release> {
  let name: string
  try {
    const { dev, ino } = fs.fstatSync(descriptor, { bigint: true })
    name = `${dev.toString(16)}-${ino.toString(16)}`
  } catch (error) {
    throw toIoError('lock', path, error)
  }
  if (held.has(name)) throw new LockedError(path)
  held.add(name)
  let release: Release | undefined
  try {
    release = await acquire(path, name)
  } catch (error) {
    throw toIoError('lock', path, error)
  } finally {
    if (release === undefined) held.delete(name)
  }
  if (release === undefined) throw new LockedError(path)
  const given = release
  return async () => {
    try {
      await given()
    } finally {
      held.delete(name)
    }
  }
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
  #release: Release | undefined

  constructor(path: string, release: Release) {
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
      resourceClosed(this)
    }
  }
}
