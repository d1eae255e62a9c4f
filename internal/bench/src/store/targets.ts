/** What a row is to reach: so many times what a peer does in the same run. */
export interface Target {
  readonly peer: string
  readonly factor: number
  /** Another engine of ours than the first that has to reach it. */
  readonly by?: string
}

/** Name of the engine that is the C++ program. */
export const nativeName = 'RocksDB (C++)'

/** Targets by row; a row that is not here has none. */
export const targets: Readonly<Record<string, readonly Target[]>> = {
  fillseq: [
    { peer: 'lmdb-wm', factor: 1.1 },
    { peer: nativeName, factor: 1.25 },
  ],
  fillrandom: [
    { peer: 'lmdb-wm', factor: 1.4 },
    { peer: nativeName, factor: 1.8 },
  ],
  'fillrandom-256': [{ peer: 'lmdb-wm', factor: 2 }],
  overwrite: [
    { peer: 'lmdb-wm', factor: 1.3 },
    { peer: nativeName, factor: 1.8 },
  ],
  fillbatch: [
    { peer: 'lmdb-wm', factor: 1.7 },
    { peer: nativeName, factor: 2 },
  ],
  fillsync: [
    { peer: 'better-sqlite3', factor: 1 },
    { peer: 'better-sqlite3', factor: 1.3, by: 'varve-recycled' },
  ],
  deleterandom: [{ peer: nativeName, factor: 2 }],
  'readrandom-reopened': [
    { peer: 'lmdb-wm', factor: 0.4 },
    { peer: nativeName, factor: 1.1 },
  ],
  'readrandom-hot': [
    { peer: 'lmdb-wm', factor: 0.65 },
    { peer: 'lmdb-wm', factor: 0.9, by: 'varve-rows' },
    { peer: nativeName, factor: 1.7 },
  ],
  readmissing: [{ peer: 'classic-level', factor: 3 }],
  multiget: [
    { peer: 'lmdb-wm', factor: 0.9 },
    { peer: nativeName, factor: 1.3 },
  ],
  seekrandom: [
    { peer: 'lmdb', factor: 1.2 },
    { peer: nativeName, factor: 1.1 },
  ],
  readseq: [
    { peer: 'lmdb', factor: 2.3 },
    { peer: nativeName, factor: 0.7 },
  ],
  'ycsb-a': [
    { peer: 'lmdb-wm', factor: 1.1 },
    { peer: nativeName, factor: 2 },
  ],
  'fillrandom-4k': [{ peer: nativeName, factor: 1 }],
  'readrandom-hot-4k': [
    { peer: 'lmdb-wm', factor: 0.75 },
    { peer: nativeName, factor: 1.6 },
  ],
  'stream-100k': [
    { peer: 'lmdb-wm', factor: 1.8 },
    { peer: nativeName, factor: 6 },
  ],
  'stream-5m': [
    { peer: 'lmdb-wm', factor: 1.2 },
    { peer: 'lmdb-wm', factor: 1.6, by: 'varve-rows' },
    { peer: nativeName, factor: 3 },
  ],
}
