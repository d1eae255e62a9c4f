/** Distributions of {@link Statistics}, under RocksDB's names. Times are microseconds. */
export const histogramNames = [
  'rocksdb.db.get.micros',
  'rocksdb.db.multiget.micros',
  'rocksdb.db.write.micros',
  'rocksdb.db.seek.micros',
  'rocksdb.db.flush.micros',
  'rocksdb.compaction.times.micros',
  'rocksdb.wal.file.sync.micros',
  'rocksdb.db.write.stall',
  'rocksdb.bytes.per.read',
  'rocksdb.bytes.per.write',
  'rocksdb.bytes.per.multiget',
  'rocksdb.numfiles.in.singlecompaction',
] as const

/** Name of a distribution. */
export type HistogramName = (typeof histogramNames)[number]

/** Place of each distribution. @internal */
export const histogram: Readonly<Record<HistogramName, number>> = Object.fromEntries(
  histogramNames.map((name, i) => [name, i]),
) as Record<HistogramName, number>
