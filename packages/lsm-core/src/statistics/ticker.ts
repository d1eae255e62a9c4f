/** Counters of {@link Statistics}, under RocksDB's names. */
export const tickerNames = [
  'rocksdb.block.cache.miss',
  'rocksdb.block.cache.hit',
  'rocksdb.memtable.hit',
  'rocksdb.memtable.miss',
  'rocksdb.number.keys.written',
  'rocksdb.number.keys.read',
  'rocksdb.bytes.written',
  'rocksdb.bytes.read',
  'rocksdb.number.db.seek',
  'rocksdb.number.db.next',
  'rocksdb.number.db.prev',
  'rocksdb.number.db.seek.found',
  'rocksdb.number.db.next.found',
  'rocksdb.number.db.prev.found',
  'rocksdb.db.iter.bytes.read',
  'rocksdb.num.iterator.created',
  'rocksdb.num.iterator.deleted',
  'rocksdb.stall.micros',
  'rocksdb.number.multiget.get',
  'rocksdb.number.multiget.keys.read',
  'rocksdb.number.multiget.bytes.read',
  'rocksdb.number.multiget.keys.found',
  'rocksdb.wal.synced',
  'rocksdb.wal.bytes',
  'rocksdb.write.wal',
  'rocksdb.flush.write.bytes',
  'rocksdb.compact.read.bytes',
  'rocksdb.compact.write.bytes',
] as const

/** Name of a counter. */
export type TickerName = (typeof tickerNames)[number]

/** Place of each counter. @internal */
export const ticker: Readonly<Record<TickerName, number>> = Object.fromEntries(
  tickerNames.map((name, i) => [name, i]),
) as Record<TickerName, number>
