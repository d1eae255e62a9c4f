import type { InternalIterator } from '@varve/base'
import { LevelIterator, MergingIterator } from '@varve/compaction'
import type { FileMetadata } from '@varve/manifest'
import { RangeTombstoneList, type Memtable } from '@varve/memtable'
import type { TableIteratorOptions } from '@varve/sst-format'

import type { IdleSource, SuperVersion } from '../column-family/super-version.ts'
import type { CursorOptions } from '../db/handles.ts'
import type { LookupEnvironment } from './point-lookup.ts'
import type { TableCache } from './table-cache.ts'

/** Merged sources that a superversion keeps for cursors to come; each holds its tables open. */
const maxIdleSources = 2
/** Part of the bound of open tables up to which they are kept open for that. */
const maxIdleShare = 0.25
/** Tables of a level that a cursor holds open once it was in them. */
const maxKeptTables = 64

/**
 * All memtables and tables of a superversion in one order, with the range tombstones of what was entered. Holds the tables, not
 * the superversion.
 */
export class MergedSource implements IdleSource {
  readonly iterator: InternalIterator
  /** Grows as the iterator moves. */
  readonly rangeTombstones: RangeTombstoneList
  readonly #tables: TableCache
  readonly #active: Memtable
  readonly #showsActive: boolean
  readonly #activeTombstones: number
  /** Nothing in it depends on the cursor it was made for. */
  readonly #isCommon: boolean

  constructor(superVersion: SuperVersion, env: LookupEnvironment, options: CursorOptions) {
    const { active, immutables, version } = superVersion
    const { comparator, tables } = env
    const rangeTombstones = new RangeTombstoneList(comparator.user)
    const entered = new Set<number>()
    const tableOptions: TableIteratorOptions = {
      fillCache: options.fillCache ?? true,
      readaheadBytes: options.readaheadBytes ?? 0,
      reuseBlocks: true,
    }
    const openTable = (file: FileMetadata): InternalIterator => {
      const table = tables.open(file, comparator.user)
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
      addMemtable(active)
      for (const memtable of immutables) addMemtable(memtable)
      const levels = options.readTier === 'memtable' ? [] : version.levels
      for (const [level, files] of levels.entries()) {
        if (level === 0) for (const file of files) children.push(openTable(file))
        else if (files.length > 0) {
          // As many as it holds open the bound of open tables may be passed by.
          const keepsOpen =
            files.length <= maxKeptTables && files.length <= tables.maxOpenFiles * maxIdleShare
          children.push(new LevelIterator(files, comparator, openTable, keepsOpen))
        }
      }
    } catch (error) {
      for (const child of children) child.close()
      throw error
    }
    this.iterator = new MergingIterator(children, comparator)
    this.rangeTombstones = rangeTombstones
    this.#tables = tables
    this.#active = active
    this.#showsActive = active.entryCount > 0
    this.#activeTombstones = active.rangeTombstones.length
    this.#isCommon = isCommon(options)
  }

  /** Whether a cursor that begins now would see all it should. */
  get #isUpToDate(): boolean {
    const { entryCount, rangeTombstones } = this.#active
    return this.#showsActive === entryCount > 0 && this.#activeTombstones === rangeTombstones.length
  }

  /** An idle one of the superversion, or a fresh one. */
  static take(
    superVersion: SuperVersion,
    env: LookupEnvironment,
    options: CursorOptions,
  ): MergedSource {
    if (isCommon(options)) {
      for (;;) {
        const idle = superVersion.idleSources.pop()
        if (!(idle instanceof MergedSource)) break
        if (idle.#isUpToDate) return idle
        idle.discard()
      }
    }
    return new MergedSource(superVersion, env, options)
  }

  /** The cursor is done with it: kept for the next one where `superVersion` is what cursors go on reading. */
  giveBack(superVersion: SuperVersion, isCurrent: boolean): void {
    const { idleSources } = superVersion
    const { size, maxOpenFiles } = this.#tables
    if (
      isCurrent &&
      this.#isCommon &&
      idleSources.length < maxIdleSources &&
      size <= maxOpenFiles * maxIdleShare
    ) {
      this.iterator.rest()
      idleSources.push(this)
    } else {
      this.iterator.close()
    }
  }

  /** Ends an idle one. Whoever comes by must not fail for it: of what is only read nothing can be lost. */
  discard(): void {
    try {
      this.iterator.close()
    } catch {
      // The descriptors are gone either way.
    }
  }
}

function isCommon({ fillCache, readaheadBytes, readTier }: CursorOptions): boolean {
  return fillCache !== false && (readaheadBytes ?? 0) === 0 && readTier !== 'memtable'
}
