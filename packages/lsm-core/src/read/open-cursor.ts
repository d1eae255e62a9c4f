import { resourceClosed, resourceOpened, type Clock, type InternalIterator } from '@varve/base'
import type { RangeTombstoneList } from '@varve/memtable'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { SuperVersion } from '../column-family/super-version.ts'
import type { Cursor, CursorOptions } from '../db/handles.ts'
import type { OpenReaders } from '../db/open-readers.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { StatisticsCursor } from '../statistics/statistics-cursor.ts'
import { resolveBounds } from './cursor-bounds.ts'
import { DBCursor, type CursorOrigin, type CursorSource } from './db-cursor.ts'
import { MergedSource } from './merged-source.ts'
import type { LookupEnvironment } from './point-lookup.ts'
import { PrefixCursor } from './prefix-cursor.ts'
import { TailingCursor } from './tailing-cursor.ts'

/** What cursors need of their database. */
export interface CursorHost {
  /** Closed with the database at the latest. */
  readonly readers: OpenReaders
  readonly versions: { readonly lastSequence: number }
  /** Keeps the state at a sequence number from being written over. */
  view(sequence: number): void
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
    new FamilyOrigin(host, family, options),
    resolveBounds(options),
    snapshot,
  )
  host.readers.add(plain)
  resourceOpened(plain, 'cursor on a column family')
  let cursor: Cursor = plain
  if (options.tailing === true)
    cursor = new TailingCursor(cursor, family, () => host.versions.lastSequence)
  const { statistics, clock } = host.options
  if (statistics !== undefined) cursor = new StatisticsCursor(cursor, statistics, clock)
  if (options.prefixSameAsStart === true && family.prefixExtractor !== undefined)
    cursor = new PrefixCursor(cursor, family.prefixExtractor)
  return cursor
}

/** A cursor on each family, all at `snapshot`; none when one of them cannot be opened. */
export function openCursors(
  host: CursorHost,
  families: readonly ColumnFamily[],
  options: CursorOptions,
  snapshot: number,
): Cursor[] {
  const cursors: Cursor[] = []
  try {
    for (const family of families) cursors.push(openCursor(host, family, options, snapshot))
    return cursors
  } catch (error) {
    for (const cursor of cursors) cursor.close()
    throw error
  }
}

/** Where the cursors of a family come from. */
class FamilyOrigin implements CursorOrigin {
  readonly #host: CursorHost
  readonly #family: ColumnFamily
  readonly #options: CursorOptions

  constructor(host: CursorHost, family: ColumnFamily, options: CursorOptions) {
    this.#host = host
    this.#family = family
    this.#options = options
  }

  open(snapshot: number = this.#host.versions.lastSequence): CursorSource {
    this.#host.view(snapshot)
    return new FamilySource(this.#family, this.#options, snapshot)
  }

  onClose(cursor: DBCursor): void {
    this.#host.readers.delete(cursor)
    resourceClosed(cursor)
  }
}

/** The superversion of a family when the cursor was opened; holds it. */
class FamilySource implements CursorSource {
  readonly iterator: InternalIterator
  readonly rangeTombstones: RangeTombstoneList
  readonly lookup: LookupEnvironment
  readonly snapshot: number
  readonly #family: ColumnFamily
  readonly #superVersion: SuperVersion
  readonly #merged: MergedSource

  constructor(family: ColumnFamily, options: CursorOptions, snapshot: number) {
    const { superVersion, lookup } = family
    this.#merged = MergedSource.take(superVersion, lookup, options)
    this.#superVersion = superVersion.ref()
    this.#family = family
    this.lookup = lookup
    this.snapshot = snapshot
    this.iterator = this.#merged.iterator
    this.rangeTombstones = this.#merged.rangeTombstones
  }

  release(): void {
    const superVersion = this.#superVersion
    this.#merged.giveBack(superVersion, this.#family.superVersion === superVersion)
    superVersion.unref()
  }
}
