import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from '../db/database.ts'
import { liveDataSizeOf } from './live-data-size.ts'
import { countsOf } from './table-metadata.ts'

type IntProperty = (db: Database, family: ColumnFamily) => number

/** Numbers by RocksDB's names, without the prefix `rocksdb.`. */
export const intProperties: ReadonlyMap<string, IntProperty> = new Map<string, IntProperty>([
  ['num-immutable-mem-table', (_db, family) => family.immutables.length],
  // A memtable that is in a table is let go at once.
  ['num-immutable-mem-table-flushed', () => 0],
  [
    'mem-table-flush-pending',
    (_db, family) => Number(family.immutables.length > 0 && family.flushing === 0),
  ],
  ['num-running-flushes', (db) => db.background.runningFlushes],
  ['compaction-pending', (db, family) => Number(db.background.isCompactionPending(family))],
  ['num-running-compactions', (db) => db.background.runningCompactions],
  ['background-errors', (db) => Number(db.failure !== undefined)],
  ['cur-size-active-mem-table', (_db, family) => family.active.memtable.approximateMemoryBytes],
  ['cur-size-all-mem-tables', (_db, family) => family.memoryBytes],
  ['size-all-mem-tables', (_db, family) => family.memoryBytes],
  ['num-entries-active-mem-table', (_db, family) => family.active.memtable.entryCount],
  ['num-entries-imm-mem-tables', (_db, family) => sealedSum(family, 'entryCount')],
  ['num-deletes-active-mem-table', (_db, family) => family.active.memtable.deletionCount],
  ['num-deletes-imm-mem-tables', (_db, family) => sealedSum(family, 'deletionCount')],
  ['estimate-num-keys', (_db, family) => estimateNumKeys(family)],
  ['estimate-table-readers-mem', (_db, family) => family.lookup.tables.readersMemoryBytes],
  ['is-file-deletions-enabled', () => 1],
  ['num-snapshots', (db) => db.snapshots.size],
  ['oldest-snapshot-time', (db) => db.snapshots.oldestTimeS],
  ['oldest-snapshot-sequence', (db) => db.snapshots.sequences()[0] ?? 0],
  ['current-super-version-number', (_db, family) => family.superVersionNumber],
  ['estimate-live-data-size', (_db, family) => liveDataSizeOf(family)],
  ['min-log-number-to-keep', (db) => db.versions.minLogNumberToKeep],
  ['total-sst-files-size', (_db, family) => tablesSize(family)],
  ['live-sst-files-size', (_db, family) => tablesSize(family)],
  ['base-level', (_db, family) => baseLevelOf(family)],
  [
    'estimate-pending-compaction-bytes',
    (db, family) => Math.round(db.writeController.pendingCompactionBytes(family)),
  ],
  ['actual-delayed-write-rate', (db) => Math.round(db.writeController.delayedWriteRate)],
  [
    'is-write-stopped',
    (db) => Number(db.writeController.stallOf(db.families.values()) === 'stopped'),
  ],
  ['block-cache-capacity', (db) => db.options.blockCache.capacityBytes],
  ['block-cache-usage', (db) => db.options.blockCache.usedBytes],
  // Blocks that are being read are held by their readers, not by the cache.
  ['block-cache-pinned-usage', () => 0],
])

function sealedSum(family: ColumnFamily, what: 'entryCount' | 'deletionCount'): number {
  return family.immutables.reduce((sum, { memtable }) => sum + memtable[what], 0)
}

function tablesSize(family: ColumnFamily): number {
  let bytes = 0
  for (const { file } of family.superVersion.version.files()) bytes += file.fileSizeBytes
  return bytes
}

/** Every deletion is taken to delete one key, as RocksDB does. */
function estimateNumKeys(family: ColumnFamily): number {
  let keys = 0
  for (const { memtable } of [family.active, ...family.immutables])
    keys += memtable.entryCount - 2 * memtable.deletionCount
  for (const { file } of family.superVersion.version.files()) {
    const { entries, deletions } = countsOf(family, file)
    keys += entries - 2 * deletions
  }
  return Math.max(0, keys)
}

/** Level that level 0 is compacted into. */
function baseLevelOf({ superVersion, options }: ColumnFamily): number {
  const { levels } = superVersion.version
  const isDynamic = options.compactionStyle === 'level' && options.levelCompactionDynamicLevelBytes
  if (!isDynamic) return 1
  const first = levels.findIndex((files, level) => level > 0 && files.length > 0)
  return first < 0 ? levels.length - 1 : first
}
