import type { StoreEngine } from './engine.ts'

/** Loaded when asked for: some are native, and one that does not load must not stop the others. */
const loaders: Readonly<Record<string, () => Promise<StoreEngine>>> = {
  varve: async () => (await import('./engines/varve.ts')).varve,
  'varve-rows': async () => (await import('./engines/varve.ts')).varveRows,
  'varve-recycled': async () => (await import('./engines/varve.ts')).varveRecycled,
  'classic-level': async () => (await import('./engines/classic-level.ts')).classicLevel,
  '@nxtedition/rocksdb': async () => (await import('./engines/nxtedition.ts')).nxtedition,
  lmdb: async () => (await import('./engines/lmdb.ts')).lmdb,
  'lmdb-wm': async () => (await import('./engines/lmdb.ts')).lmdbWritableMap,
  'better-sqlite3': async () => (await import('./engines/better-sqlite3.ts')).betterSqlite3,
}

/** Names of all engines that run inside Node; ours first. */
export const engineNames: readonly string[] = Object.keys(loaders)

export async function engineNamed(name: string): Promise<StoreEngine> {
  const load = loaders[name]
  if (load === undefined) throw new Error(`no engine "${name}"`)
  return load()
}
