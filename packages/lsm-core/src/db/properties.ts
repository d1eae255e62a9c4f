import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from './database.ts'

/** Value of a property by RocksDB's name, undefined for names that are not known. */
export function propertyOf(db: Database, family: ColumnFamily, name: string): string | undefined {
  const { levels } = family.superVersion.version
  const atLevel = /^rocksdb\.num-files-at-level(\d+)$/.exec(name)
  if (atLevel !== null) {
    const files = levels[Number(atLevel[1])]
    return files === undefined ? undefined : String(files.length)
  }
  switch (name) {
    case 'rocksdb.stats':
    case 'rocksdb.dbstats':
      return statsText(db)
    case 'rocksdb.levelstats':
    case 'rocksdb.cfstats':
      return levelText(family)
    case 'rocksdb.num-immutable-mem-table':
      return String(family.immutables.length)
    case 'rocksdb.cur-size-active-mem-table':
      return String(family.active.memtable.approximateMemoryBytes)
    case 'rocksdb.cur-size-all-mem-tables':
    case 'rocksdb.size-all-mem-tables':
      return String(family.memoryBytes)
    case 'rocksdb.num-entries-active-mem-table':
      return String(family.active.memtable.entryCount)
    case 'rocksdb.num-deletes-active-mem-table':
      return String(family.active.memtable.deletionCount)
    case 'rocksdb.total-sst-files-size':
    case 'rocksdb.live-sst-files-size':
      return String(sum(levels.flatMap((files) => files.map((file) => file.fileSizeBytes))))
    case 'rocksdb.num-snapshots':
      return String(db.snapshots.size)
    case 'rocksdb.min-log-number-to-keep':
      return String(db.versions.minLogNumberToKeep)
    case 'rocksdb.is-write-stopped':
      return db.writeController.stallOf(db.families.values()) === 'stopped' ? '1' : '0'
    case 'rocksdb.background-errors':
      return db.failure === undefined ? '0' : '1'
    case 'rocksdb.block-cache-usage':
      return String(db.options.blockCache.usedBytes)
    case 'rocksdb.block-cache-capacity':
      return String(db.options.blockCache.capacityBytes)
    default:
      return undefined
  }
}

function statsText(db: Database): string {
  const { stats } = db.background
  const lines = [
    `flushes: ${stats.flushes}, ${stats.bytesFlushed} bytes`,
    `compactions: ${stats.compactions}, ${stats.bytesCompacted} bytes read`,
    `trivial moves: ${stats.trivialMoves}`,
    `log bytes: ${db.wals.totalSizeBytes}`,
  ]
  for (const family of db.families.values())
    lines.push(`column family "${family.name}":`, levelText(family))
  return lines.join('\n')
}

function levelText({ superVersion }: ColumnFamily): string {
  const lines = ['Level Files Size(bytes)']
  for (const [level, files] of superVersion.version.levels.entries()) {
    lines.push(`${level} ${files.length} ${sum(files.map((file) => file.fileSizeBytes))}`)
  }
  return lines.join('\n')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
