import { BusyError, ownedCopy } from '@varve/base'
import { BlockCache } from '@varve/sst-format'
import { DB, WriteBatch, type DBOptions } from '@varve/lsm-core'

import type { StoreEngine } from '../engine.ts'

/** Rows for which state is read and written by key. */
const keyedRows = ['readrandom-hot', 'ycsb-a', 'stream-100k', 'stream-5m']

export const varve: StoreEngine = varveEngine('varve')

/** Half of the budget in single rows. */
export const varveRows: StoreEngine = {
  ...varveEngine('varve-rows', { rowCacheBytes: 128 << 20 }),
  only: keyedRows,
}

/** Logs are written over, as they are once a database has flushed for the second time. */
export const varveRecycled: StoreEngine = {
  ...varveEngine('varve-recycled', { recycleLogFileNum: 2 }, writeLogs),
  only: ['fillsync'],
}

/** Flushes twice, so that the log that follows is written over one of several MiB. */
async function writeLogs(db: DB): Promise<void> {
  for (let i = 0; i < 8; i++) await db.put('~', Buffer.alloc(1 << 20, i))
  await db.flush()
  await db.put('~', '')
  await db.flush()
}

function varveEngine(
  name: string,
  options: DBOptions = {},
  prepare: (db: DB) => Promise<void> = () => Promise.resolve(),
): StoreEngine {
  return {
    name,
    async open(directory, { cacheBytes, writeBufferBytes }) {
      const db = await DB.open(directory, {
        createIfMissing: true,
        // Our budget is for blocks and memtables; the others' cache is for blocks, and two write buffers come on top.
        blockCache: new BlockCache({ capacityBytes: cacheBytes + 2 * writeBufferBytes }),
        writeBufferSizeBytes: writeBufferBytes,
        ...options,
      })
      await prepare(db)
      const synced = { sync: true }
      const writes = new WriteBatch(1 << 20)
      const levelFiles = (level: number): number =>
        Number(db.getProperty(`rocksdb.num-files-at-level${level}`))
      return {
        put: (key, value) =>
          orStalled(
            () => db.putSync(key, value),
            () => db.put(key, value),
          ),
        putAsync: (key, value) => db.put(key, value),
        putSynced: (key, value) => db.putSync(key, value, synced),
        delete: (key) => db.deleteSync(key),
        get: (key) => db.getSync(key),
        multiGet: (keys) => db.multiGetSync(keys),
        batch: () => ({
          put: (key, value) => void writes.putTo(0, key, value),
          commit() {
            const pending = orStalled(
              () => db.writeSync(writes),
              () => db.write(writes),
            )
            if (pending === undefined) writes.clear()
            return pending?.then(() => void writes.clear())
          },
        }),
        seek(key, nexts) {
          using cursor = db.cursor()
          let bytes = 0
          cursor.seek(key)
          for (let i = 0; i < nexts && cursor.valid; i++) {
            bytes += cursor.value.length
            cursor.next()
          }
          return bytes
        },
        scan(valueBytes) {
          using cursor = db.cursor()
          let found = 0
          for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
            const { value } = cursor
            if (ownedCopy(value, 0, value.length).length === valueBytes) found++
          }
          return found
        },
        async settle() {
          await db.flush()
          // Level 0 empties when the last compaction has run.
          let quiet = 0
          for (let before = ''; quiet < 4;) {
            await new Promise((resolve) => setTimeout(resolve, 50))
            const now = db.getProperty('rocksdb.stats') ?? ''
            quiet = now === before && levelFiles(0) < 4 ? quiet + 1 : 0
            before = now
          }
        },
        close: () => db.close(),
      }
    },
  }
}

/** Writes at once; where the store lets blocking writes run no further ahead of its flushes, it is waited for as for any stall. */
function orStalled(write: () => void, wait: () => Promise<void>): Promise<void> | undefined {
  try {
    write()
    return undefined
  } catch (error) {
    if (error instanceof BusyError) return wait()
    throw error
  }
}
