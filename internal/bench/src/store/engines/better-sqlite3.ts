import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import Sqlite from 'better-sqlite3'

import type { StoreEngine } from '../engine.ts'

/** As much of the untyped package as is used. */
interface Statement {
  run(...values: unknown[]): void
  get(...values: unknown[]): { readonly v: Uint8Array } | undefined
  iterate(...values: unknown[]): Iterable<{ readonly v: Uint8Array }>
}
interface SqliteDatabase {
  pragma(text: string): void
  exec(text: string): void
  prepare(text: string): Statement
  close(): void
}

/** SQLite, one table, with its write-ahead log. */
export const betterSqlite3: StoreEngine = {
  name: 'better-sqlite3',
  open(directory, { cacheBytes }) {
    mkdirSync(directory, { recursive: true })
    const db = new (Sqlite as unknown as new (path: string) => SqliteDatabase)(
      join(directory, 'data.sqlite'),
    )
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = OFF')
    db.pragma(`cache_size = -${cacheBytes >> 10}`)
    db.exec('CREATE TABLE IF NOT EXISTS kv (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID')
    const put = db.prepare('INSERT OR REPLACE INTO kv VALUES (?, ?)')
    const get = db.prepare('SELECT v FROM kv WHERE k = ?')
    const remove = db.prepare('DELETE FROM kv WHERE k = ?')
    const range = db.prepare('SELECT k, v FROM kv WHERE k >= ? ORDER BY k LIMIT ?')
    const all = db.prepare('SELECT k, v FROM kv ORDER BY k')
    let synced = false
    return Promise.resolve({
      put: (key, value) => put.run(key, value),
      putAsync(key, value) {
        put.run(key, value)
        return Promise.resolve()
      },
      putSynced(key, value) {
        if (!synced) db.pragma('synchronous = FULL')
        synced = true
        put.run(key, value)
      },
      delete: (key) => remove.run(key),
      get: (key) => get.get(key)?.v,
      multiGet: (keys) => keys.map((key) => get.get(key)?.v),
      batch() {
        db.exec('BEGIN')
        return {
          put: (key, value) => put.run(key, value),
          commit: () => db.exec('COMMIT'),
        }
      },
      seek(key, nexts) {
        let bytes = 0
        for (const { v } of range.iterate(key, nexts)) bytes += v.length
        return bytes
      },
      scan(valueBytes) {
        let found = 0
        for (const { v } of all.iterate()) if (v.length === valueBytes) found++
        return found
      },
      settle: () => Promise.resolve(),
      close() {
        db.close()
        return Promise.resolve()
      },
    })
  },
}
