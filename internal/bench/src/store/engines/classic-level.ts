import { ClassicLevel } from 'classic-level'

import type { StoreEngine } from '../engine.ts'

/** LevelDB in C++. It has no blocking put. */
export const classicLevel: StoreEngine = {
  name: 'classic-level',
  async open(directory, { cacheBytes, writeBufferBytes }) {
    const db = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      writeBufferSize: writeBufferBytes,
      cacheSize: cacheBytes,
    })
    await db.open()
    return {
      put: (key, value) => db.put(key, value),
      putAsync: (key, value) => db.put(key, value),
      putSynced: (key, value) => db.put(key, value, { sync: true }),
      delete: (key) => db.del(key),
      get: (key) => db.getSync(key),
      multiGet: (keys) => db.getMany([...keys]),
      batch() {
        const batch = db.batch()
        return {
          put: (key, value) => void batch.put(key, value),
          commit: () => batch.write(),
        }
      },
      async seek(key, nexts) {
        let bytes = 0
        for (const [, value] of await db.iterator({ gte: key, limit: nexts }).all())
          bytes += value.length
        return bytes
      },
      async scan(valueBytes) {
        let found = 0
        const iterator = db.iterator({ highWaterMarkBytes: 1 << 20 })
        for (;;) {
          const entries = await iterator.nextv(1000)
          if (entries.length === 0) break
          for (const [, value] of entries) if (value.length === valueBytes) found++
        }
        await iterator.close()
        return found
      },
      // What it wants to compact it compacts behind the writes.
      settle: () => new Promise((resolve) => setTimeout(resolve, 3000)),
      close: () => db.close(),
    }
  },
}
