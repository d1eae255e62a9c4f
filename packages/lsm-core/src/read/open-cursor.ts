import { resourceClosed, resourceOpened, type Clock, type InternalIterator } from '@varve/base'
import { LevelIterator, MergingIterator } from '@varve/compaction'
import type { FileMetadata } from '@varve/manifest'
import { RangeTombstoneList, type Memtable } from '@varve/memtable'
import type { TableIteratorOptions } from '@varve/sst-format'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Cursor, CursorOptions } from '../db/handles.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { StatisticsCursor } from '../statistics/statistics-cursor.ts'
import { resolveBounds } from './cursor-bounds.ts'
import { DBCursor, type CursorSource } from './db-cursor.ts'
import { PrefixCursor } from './prefix-cursor.ts'
import { TailingCursor } from './tailing-cursor.ts'

/** What cursors need of their database. */
export interface CursorHost {
  /** Closed with the database at the latest. */
  readonly readers: Set<{ close(): void }>
  readonly versions: { readonly lastSequence: number }
  readonly options: { readonly statistics: Statistics | undefined; readonly clock: Clock }
}

/** A cursor over the present superversion of a family, at `snapshot` or at this moment. */
export function openCursor(
  host: CursorHost,
  family: ColumnFamily,
  options: CursorOptions,
  snapshot?: number,
): Cursor {
  const plain = new DBCursor(
    {
      open: (sequence) => openSource(family, sequence ?? host.versions.lastSequence, options),
      onClose: () => {
        host.readers.delete(plain)
        resourceClosed(plain)
      },
    },
    resolveBounds(options),
    snapshot,
  )
  host.readers.add(plain)
  resourceOpened(plain, `cursor on column family "${family.name}"`)
  let cursor: Cursor = plain
  if (options.tailing === true)
    cursor = new TailingCursor(cursor, family, () => host.versions.lastSequence)
  const { statistics, clock } = host.options
  if (statistics !== undefined) cursor = new StatisticsCursor(cursor, statistics, clock)
  if (options.prefixSameAsStart === true && family.prefixExtractor !== undefined)
    cursor = new PrefixCursor(cursor, family.prefixExtractor)
  return cursor
}

function openSource(family: ColumnFamily, snapshot: number, options: CursorOptions): CursorSource {
  const superVersion = family.superVersion.ref()
  const { comparator, lookup } = family
  const { version } = superVersion
  const rangeTombstones = new RangeTombstoneList(comparator.user)
  const entered = new Set<number>()
  const tableOptions: TableIteratorOptions = {
    fillCache: options.fillCache ?? true,
    readaheadBytes: options.readaheadBytes ?? 0,
  }
  const openTable = (file: FileMetadata): InternalIterator => {
    const table = lookup.tables.open(file, comparator.user)
    // Tombstones of a table hold from when it is entered, which is before any key they cover is looked at.
    if (table.rangeTombstones !== undefined && !entered.has(file.number)) {
      entered.add(file.number)
      for (const tombstone of table.rangeTombstones.tombstones) rangeTombstones.add(tombstone)
    }
    return table.reader.iterator(tableOptions)
  }
  const children: InternalIterator[] = []
  const addMemtable = (memtable: Memtable): void => {
    // What comes into it later is newer than the snapshot.
    if (memtable.entryCount > 0) children.push(memtable.iterator())
    for (const tombstone of memtable.rangeTombstones) rangeTombstones.add(tombstone)
  }
  try {
    addMemtable(superVersion.active)
    for (const memtable of superVersion.immutables) addMemtable(memtable)
    const levels = options.readTier === 'memtable' ? [] : version.levels
    for (const [level, files] of levels.entries()) {
      if (level === 0) for (const file of files) children.push(openTable(file))
      else if (files.length > 0) children.push(new LevelIterator(files, comparator, openTable))
    }
  } catch (error) {
    for (const child of children) child.close()
    superVersion.unref()
    throw error
  }
  return {
    iterator: new MergingIterator(children, comparator),
    comparator: comparator.user,
    mergeOperator: lookup.mergeOperator,
    familyName: family.name,
    hasTimes: lookup.hasTimes,
    snapshot,
    blobs: lookup.tables.blobs,
    rangeTombstones,
    release: () => superVersion.unref(),
  }
}
