import { resourceClosed, resourceOpened, type InternalIterator } from '@varve/base'
import { LevelIterator, MergingIterator } from '@varve/compaction'
import type { FileMetadata } from '@varve/manifest'
import { RangeTombstoneList, type Memtable } from '@varve/memtable'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { RangeOptions } from '../db/handles.ts'
import { resolveBounds } from './cursor-bounds.ts'
import { DBCursor } from './db-cursor.ts'

/** The readers of a database, closed with it at the latest. */
export type ReaderSet = Set<{ close(): void }>

/** A cursor over the present superversion of a family at `snapshot`. */
export function openCursor(
  family: ColumnFamily,
  snapshot: number,
  options: RangeOptions,
  readers: ReaderSet,
): DBCursor {
  const superVersion = family.superVersion.ref()
  const { comparator, lookup } = family
  const { version } = superVersion
  const rangeTombstones = new RangeTombstoneList(comparator.user)
  const entered = new Set<number>()
  const openTable = (file: FileMetadata): InternalIterator => {
    const table = lookup.tables.open(file, comparator.user)
    // Tombstones of a table hold from when it is entered, which is before any key they cover is looked at.
    if (table.rangeTombstones !== undefined && !entered.has(file.number)) {
      entered.add(file.number)
      for (const tombstone of table.rangeTombstones.tombstones) rangeTombstones.add(tombstone)
    }
    return table.reader.iterator()
  }
  const children: InternalIterator[] = []
  const addMemtable = (memtable: Memtable): void => {
    children.push(memtable.iterator())
    for (const tombstone of memtable.rangeTombstones) rangeTombstones.add(tombstone)
  }
  try {
    addMemtable(superVersion.active)
    for (const memtable of superVersion.immutables) addMemtable(memtable)
    for (const [level, files] of version.levels.entries()) {
      if (level === 0) for (const file of files) children.push(openTable(file))
      else if (files.length > 0) children.push(new LevelIterator(files, comparator, openTable))
    }
  } catch (error) {
    for (const child of children) child.close()
    superVersion.unref()
    throw error
  }
  const cursor: DBCursor = new DBCursor(
    {
      iterator: new MergingIterator(children, comparator),
      comparator: comparator.user,
      mergeOperator: lookup.mergeOperator,
      familyName: family.name,
      hasTimes: lookup.hasTimes,
      snapshot,
      blobs: lookup.tables.blobs,
      rangeTombstones,
      release: () => {
        readers.delete(cursor)
        resourceClosed(cursor)
        superVersion.unref()
      },
    },
    resolveBounds(options),
  )
  readers.add(cursor)
  resourceOpened(cursor, `cursor on column family "${family.name}"`)
  return cursor
}
