import type { BlockCache } from '@varve/sst-format'

import { histogram } from './histogram-names.ts'
import type { Statistics } from './statistics.ts'
import { ticker } from './ticker.ts'

/** Counts one commit: a group of writes in one record of `bytes` bytes. */
export function countCommit(
  statistics: Statistics,
  entries: number,
  bytes: number,
  logged: boolean,
): void {
  statistics.count(ticker['rocksdb.number.keys.written'], entries)
  statistics.count(ticker['rocksdb.bytes.written'], bytes)
  statistics.measure(histogram['rocksdb.bytes.per.write'], bytes)
  if (!logged) return
  statistics.count(ticker['rocksdb.write.wal'])
  statistics.count(ticker['rocksdb.wal.bytes'], bytes)
}

/** Counts one sync of the logs. */
export function countSync(statistics: Statistics, durationMs: number): void {
  statistics.count(ticker['rocksdb.wal.synced'])
  statistics.measure(histogram['rocksdb.wal.file.sync.micros'], durationMs * 1000)
}

/** Measures how long a write takes until it is acknowledged. */
export async function timedWrite(statistics: Statistics, write: Promise<void>): Promise<void> {
  const startMs = performance.now()
  await write
  const micros = (performance.now() - startMs) * 1000
  statistics.measure(histogram['rocksdb.db.write.micros'], micros)
}

/** Measures how long writes are held back. */
export async function timedStall(statistics: Statistics, waiting: Promise<void>): Promise<void> {
  const startMs = performance.now()
  await waiting
  const micros = (performance.now() - startMs) * 1000
  statistics.count(ticker['rocksdb.stall.micros'], Math.round(micros))
  statistics.measure(histogram['rocksdb.db.write.stall'], micros)
}

/** Counts what the cache of a database does, also for others that share it, until the returned function is called. */
export function observeDatabase(options: {
  readonly statistics: Statistics | undefined
  readonly blockCache: BlockCache
}): () => void {
  const { statistics, blockCache } = options
  if (statistics === undefined) return () => undefined
  const ends = [
    statistics.observe(ticker['rocksdb.block.cache.hit'], () => blockCache.stats.hits),
    statistics.observe(ticker['rocksdb.block.cache.miss'], () => blockCache.stats.misses),
  ]
  return () => {
    for (const end of ends) end()
  }
}
