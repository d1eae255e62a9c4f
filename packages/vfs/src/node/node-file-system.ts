import fs from 'node:fs'
import { dirname } from 'node:path'

import type {
  FileLock,
  FileStat,
  FileSystem,
  OpenWritableOptions,
  RandomAccessFile,
  WritableFile,
} from '../file-system.ts'
import { isNotFound, toIoError } from '../io-error.ts'
import { lockFile } from '../lock/lock-file.ts'
import { NodeRandomAccessFile } from './node-random-access-file.ts'
import { NodeWritableFile, writableFlags } from './node-writable-file.ts'

/** The host's disk. Stateless; use {@link nodeFileSystem}. */
export class NodeFileSystem implements FileSystem {
  readonly kind = 'node'

  async openWritable(path: string, options: OpenWritableOptions = {}): Promise<WritableFile> {
    return this.openWritableSync(path, options)
  }

  openWritableSync(path: string, options: OpenWritableOptions = {}): WritableFile {
    return attempt('open', path, () => {
      const fd = fs.openSync(path, writableFlags(options.mode), 0o644)
      try {
        const { mode } = options
        if (mode !== 'append' && mode !== 'overwrite') return new NodeWritableFile(path, fd, 0)
        const { size } = fs.fstatSync(fd)
        return new NodeWritableFile(path, fd, mode === 'append' ? size : 0, size)
      } catch (error) {
        fs.closeSync(fd)
        throw error
      }
    })
  }

  async openRandomAccess(path: string): Promise<RandomAccessFile> {
    return this.openRandomAccessSync(path)
  }

  openRandomAccessSync(path: string): RandomAccessFile {
    return attempt('open', path, () => {
      const fd = fs.openSync(path, 'r')
      try {
        return new NodeRandomAccessFile(path, fd, fs.fstatSync(fd).size)
      } catch (error) {
        fs.closeSync(fd)
        throw error
      }
    })
  }

  async readFile(path: string): Promise<Uint8Array> {
    return toPlain(await attemptAsync('read', path, fs.promises.readFile(path)))
  }

  readFileSync(path: string): Uint8Array {
    return attempt('read', path, () => toPlain(fs.readFileSync(path)))
  }

  async writeFileAtomic(path: string, data: Uint8Array): Promise<void> {
    // A fixed temporary name: what a crash leaves is overwritten by the next attempt instead of piling up.
    const temporary = `${path}.tmp`
    const file = await this.openWritable(temporary)
    try {
      await file.append(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.rename(temporary, path)
    await this.syncDirectory(dirname(path))
  }

  async exists(path: string): Promise<boolean> {
    try {
      await this.stat(path)
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  async stat(path: string): Promise<FileStat> {
    const stat = await attemptAsync('stat', path, fs.promises.stat(path))
    return { sizeBytes: stat.size, modifiedMs: stat.mtimeMs, isDirectory: stat.isDirectory() }
  }

  async list(path: string): Promise<string[]> {
    return (await attemptAsync('list', path, fs.promises.readdir(path))).sort()
  }

  async mkdir(path: string): Promise<void> {
    await attemptAsync('make directory', path, fs.promises.mkdir(path, { recursive: true }))
  }

  async rename(from: string, to: string): Promise<void> {
    await attemptAsync('rename', from, fs.promises.rename(from, to))
  }

  renameSync(from: string, to: string): void {
    attempt('rename', from, () => fs.renameSync(from, to))
  }

  async link(from: string, to: string): Promise<void> {
    await attemptAsync('link', from, fs.promises.link(from, to))
  }

  async remove(path: string): Promise<void> {
    await attemptAsync('remove', path, fs.promises.unlink(path))
  }

  removeSync(path: string): void {
    attempt('remove', path, () => fs.unlinkSync(path))
  }

  async removeTree(path: string): Promise<void> {
    await attemptAsync('remove', path, fs.promises.rm(path, { recursive: true, force: true }))
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows neither needs nor allows it: names are in the journal when the call returns.
    if (process.platform === 'win32') return
    const handle = await attemptAsync('open', path, fs.promises.open(path, 'r'))
    try {
      await attemptAsync('sync', path, handle.sync())
    } finally {
      await handle.close()
    }
  }

  syncDirectorySync(path: string): void {
    if (process.platform === 'win32') return
    attempt('sync', path, () => {
      const fd = fs.openSync(path, 'r')
      try {
        fs.fsyncSync(fd)
      } finally {
        fs.closeSync(fd)
      }
    })
  }

  lock(path: string): Promise<FileLock> {
    return lockFile(path)
  }
}

/** The host's disk. */
export const nodeFileSystem: FileSystem = new NodeFileSystem()

function toPlain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

function attempt<T>(action: string, path: string, operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    throw toIoError(action, path, error)
  }
}

async function attemptAsync<T>(action: string, path: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    throw toIoError(action, path, error)
  }
}
