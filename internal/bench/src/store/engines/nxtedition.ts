import { RocksLevel } from '@nxtedition/rocksdb'

import type { StoreEngine } from '../engine.ts'

/** As much of the untyped package as is used; methods with an underscore are its blocking ones. */
interface Batch {
  _put(key: Uint8Array, value: Uint8Array): void
  _del(key: Uint8Array): void
  _writeSync(options?: { readonly sync?: boolean }): void
  _closeSync(): void
}
interface Rows {
  readonly rows: readonly Uint8Array[]
  readonly finished: boolean
}
interface Iterator {
  _seekSync(target: Uint8Array): void
  _nextvSync(size: number): Rows
  _closeSync(): void
}
interface Rocks {
  open(): Promise<void>
  close(): Promise<void>
  batch(): Batch
  iterator(options: object): Iterator
  put(key: Uint8Array, value: Uint8Array): Promise<void>
  _getManySync(keys: readonly Uint8Array[], options?: object): (Uint8Array | undefined)[]
}

/** RocksDB in C++ behind Node-API. */
export const nxtedition: StoreEngine = {
  name: '@nxtedition/rocksdb',
  async open(directory, { cacheBytes, writeBufferBytes }) {
    const db = new (RocksLevel as unknown as new (path: string, options: object) => Rocks)(
      directory,
      {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer',
        createIfMissing: true,
        cacheSize: cacheBytes,
        writeBufferSize: writeBufferBytes,
        memtableMemoryBudget: writeBufferBytes * 2,
      },
    )
    await db.open()
    const write = (fill: (batch: Batch) => void, sync: boolean): void => {
      const batch = db.batch()
      fill(batch)
      batch._writeSync({ sync })
      batch._closeSync()
    }
    return {
      put: (key, value) => write((batch) => batch._put(key, value), false),
      putAsync: (key, value) => db.put(key, value),
      putSynced: (key, value) => write((batch) => batch._put(key, value), true),
      delete: (key) => write((batch) => batch._del(key), false),
      get: (key) => db._getManySync([key])[0],
      multiGet: (keys) => db._getManySync(keys),
      batch() {
        const batch = db.batch()
        return {
          put: (key, value) => batch._put(key, value),
          commit() {
            batch._writeSync()
            batch._closeSync()
          },
        }
      },
      seek(key, nexts) {
        const iterator = db.iterator({ gte: key, limit: nexts })
        const { rows } = iterator._nextvSync(nexts)
        iterator._closeSync()
        let bytes = 0
        for (let i = 1; i < rows.length; i += 2) bytes += rows[i]!.length
        return bytes
      },
      scan(valueBytes) {
        const iterator = db.iterator({ highWaterMarkBytes: 1 << 20 })
        let found = 0
        for (;;) {
          const { rows, finished } = iterator._nextvSync(1000)
          for (let i = 1; i < rows.length; i += 2) if (rows[i]!.length === valueBytes) found++
          if (finished || rows.length === 0) break
        }
        iterator._closeSync()
        return found
      },
      settle: () => new Promise((resolve) => setTimeout(resolve, 3000)),
      close: () => db.close(),
    }
  },
}
