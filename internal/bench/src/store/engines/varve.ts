import { BlockCache } from '@varve/sst-format'
import { DB, WriteBatch } from '@varve/lsm-core'

import type { StoreEngine } from '../engine.ts'

export const varve: StoreEngine = {
  name: 'varve',
  async open(directory, { cacheBytes, writeBufferBytes, rowCacheBytes }) {
    const db = await DB.open(directory, {
      createIfMissing: true,
      blockCache: new BlockCache({ capacityBytes: cacheBytes }),
      writeBufferSizeBytes: writeBufferBytes,
      ...(rowCacheBytes > 0 ? { rowCacheBytes } : {}),
    } as Parameters<typeof DB.open>[1])
    const synced = { sync: true }
    const writes = new WriteBatch(1 << 20)
    const levelFiles = (level: number): number =>
      Number(db.getProperty(`rocksdb.num-files-at-level${level}`))
    return {
      put: (key, value) => db.putSync(key, value),
      putAsync: (key, value) => db.put(key, value),
      putSynced: (key, value) => db.putSync(key, value, synced),
      delete: (key) => db.deleteSync(key),
      get: (key) => db.getSync(key),
      multiGet: (keys) => db.multiGetSync(keys),
      batch: () => ({
        put: (key, value) => void writes.putTo(0, key, value),
        commit() {
          db.writeSync(writes)
          writes.clear()
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
          if (Buffer.from(cursor.value).length === valueBytes) found++
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
