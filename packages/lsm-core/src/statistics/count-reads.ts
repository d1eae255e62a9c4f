import type { ColumnFamily } from '../column-family/column-family.ts'
import { lookUp } from '../read/point-lookup.ts'
import { histogram } from './histogram-names.ts'
import type { Statistics } from './statistics.ts'
import { ticker } from './ticker.ts'

/** {@link lookUp} that is timed and counted. */
export function countedLookUp(
  family: ColumnFamily,
  key: Uint8Array,
  snapshot: number,
  statistics: Statistics,
): Uint8Array | undefined {
  const { superVersion } = family
  const startMs = performance.now()
  const value = lookUp(superVersion, family.lookup, key, snapshot)
  statistics.measure(histogram['rocksdb.db.get.micros'], (performance.now() - startMs) * 1000)
  statistics.count(ticker['rocksdb.number.keys.read'])
  // Asked again: the look-up itself does not keep where it ended.
  const inMemory = [superVersion.active, ...superVersion.immutables].some(
    (memtable) =>
      memtable.find(key, snapshot) !== 0 || memtable.maxCoveringTombstone(key, snapshot) >= 0,
  )
  statistics.count(ticker[inMemory ? 'rocksdb.memtable.hit' : 'rocksdb.memtable.miss'])
  if (value !== undefined) {
    statistics.count(ticker['rocksdb.bytes.read'], value.length)
    statistics.measure(histogram['rocksdb.bytes.per.read'], value.length)
  }
  return value
}

/** Counts one look-up of many keys. */
export function countMultiGet(
  statistics: Statistics,
  values: readonly (Uint8Array | undefined)[],
  durationMs: number,
): void {
  let bytes = 0
  let found = 0
  for (const value of values) {
    if (value === undefined) continue
    found++
    bytes += value.length
  }
  statistics.measure(histogram['rocksdb.db.multiget.micros'], durationMs * 1000)
  statistics.measure(histogram['rocksdb.bytes.per.multiget'], bytes)
  statistics.count(ticker['rocksdb.number.multiget.get'])
  statistics.count(ticker['rocksdb.number.multiget.keys.read'], values.length)
  statistics.count(ticker['rocksdb.number.multiget.keys.found'], found)
  statistics.count(ticker['rocksdb.number.multiget.bytes.read'], bytes)
}
