import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { open, type Database } from 'lmdb'

import type { StoreEngine } from '../engine.ts'

function lmdbEngine(
  name: string,
  options: { readonly noSync?: boolean; readonly useWritemap?: boolean },
): StoreEngine {
  return {
    name,
    // A lone put of the durable one is a sync; of the other no put can be one.
    skips:
      options.noSync === true
        ? ['fillsync']
        : ['fillseq', 'fillrandom', 'overwrite', 'deleterandom', 'ycsb-a', 'fillrandom-4k'],
    open(directory) {
      mkdirSync(directory, { recursive: true })
      const db: Database<Uint8Array, Uint8Array> = open({
        path: join(directory, 'data.lmdb'),
        keyEncoding: 'binary',
        encoding: 'binary',
        compression: false,
        ...options,
      })
      return Promise.resolve({
        put: (key, value) => db.putSync(key, value),
        putAsync: (key, value) => db.put(key, value),
        putSynced: (key, value) => db.putSync(key, value),
        delete: (key) => void db.removeSync(key),
        get: (key) => db.getBinary(key),
        multiGet: (keys) => keys.map((key) => db.getBinary(key)),
        batch() {
          const entries: Uint8Array[] = []
          return {
            put: (key, value) => void entries.push(new Uint8Array(key), value),
            commit: () =>
              db.transactionSync(() => {
                for (let i = 0; i < entries.length; i += 2) db.putSync(entries[i]!, entries[i + 1]!)
              }),
          }
        },
        seek(key, nexts) {
          let bytes = 0
          for (const { value } of db.getRange({ start: key, limit: nexts })) bytes += value.length
          return bytes
        },
        scan(valueBytes) {
          let found = 0
          for (const { value } of db.getRange({})) if (value.length === valueBytes) found++
          return found
        },
        settle: async () => void (await db.flushed),
        close: () => db.close(),
      })
    },
  }
}

/** LMDB that syncs what it commits. */
export const lmdb: StoreEngine = lmdbEngine('lmdb', {})

/** LMDB without syncs over a writable map: fastest, and a crash of the operating system can corrupt the whole file. */
export const lmdbWritableMap: StoreEngine = lmdbEngine('lmdb-wm', {
  noSync: true,
  useWritemap: true,
})
