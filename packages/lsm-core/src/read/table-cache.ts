import { join } from 'node:path'

import { CorruptionError, UnsupportedError, type Comparator } from '@varve/base'
import { tombstonesWithinFile } from '@varve/compaction'
import { oldTableFileName, tableFileName, type FileMetadata } from '@varve/manifest'
import { RangeTombstoneList } from '@varve/memtable'
import { TableReader, type BlockCache } from '@varve/sst-format'
import { isNotFound, type FileSystem } from '@varve/vfs'

import { BlobFiles } from './blob-files.ts'
import type { RowCache } from './row-cache.ts'

/** A table that is open, with the range tombstones that hold within the bounds the MANIFEST gives it. */
export interface OpenTable {
  readonly reader: TableReader
  /** Undefined when the table has none, which is nearly always. */
  readonly rangeTombstones: RangeTombstoneList | undefined
}

/** Places in front of the map of tables; a look-up asks for three to ten of them. */
const recentTables = 256

interface CachedTable extends OpenTable {
  readonly fileNumber: number
  /** Read since the last search for one to close. */
  recentlyUsed: boolean
}

/**
 * The open tables of one database by file number. A table is opened when first read and closed when its file goes, or, in
 * favour of another one, when it was not read for long (second chance: Corbató, 1968). Iterators keep theirs open, so that
 * the bound may be passed by as many as they hold. What a reader keeps in memory besides blocks counts against the budget of the
 * block cache.
 */
export class TableCache {
  readonly #fs: FileSystem
  readonly #directory: string
  /** What tables keep their blocks in. */
  readonly blockCache: BlockCache
  #maxOpenFiles: number
  /** Values of single keys, where the options ask for it. */
  readonly rows: RowCache | undefined
  /** Where values of other writers' blob indexes are. */
  readonly blobs: BlobFiles
  /** In the order of the search for one to close. */
  readonly #tables = new Map<number, CachedTable>()
  /** Tables by the low bits of their numbers: a look-up in the map costs as much as one in a filter. */
  readonly #recent: (CachedTable | undefined)[] = new Array<CachedTable | undefined>(
    recentTables,
  ).fill(undefined)
  #closings = 0

  constructor(
    fs: FileSystem,
    directory: string,
    blockCache: BlockCache,
    maxOpenFiles: number = Number.POSITIVE_INFINITY,
    rows?: RowCache,
  ) {
    this.rows = rows
    this.#maxOpenFiles = maxOpenFiles
    this.#fs = fs
    this.#directory = directory
    this.blockCache = blockCache
    this.blobs = new BlobFiles(fs, directory)
  }

  get maxOpenFiles(): number {
    return this.#maxOpenFiles
  }

  /** Bound of open tables; those that are too many close when the next one is opened. */
  set maxOpenFiles(count: number) {
    this.#maxOpenFiles = count
  }

  /** Memory of the open readers outside the block cache: indexes and filters. */
  get readersMemoryBytes(): number {
    let bytes = 0
    for (const { reader } of this.#tables.values()) bytes += reader.memoryBytes
    return bytes
  }

  /** Grows whenever a table closes: who keeps open tables must ask for them anew. */
  get closings(): number {
    return this.#closings
  }

  /** Whether the next table that is opened may close another one. */
  get isFull(): boolean {
    return this.#tables.size >= this.#maxOpenFiles
  }

  get size(): number {
    return this.#tables.size
  }

  /** @throws CorruptionError when the file is damaged or missing */
  open(file: FileMetadata, comparator: Comparator): OpenTable {
    const recent = this.#recent[file.number % recentTables]
    const known = recent?.fileNumber === file.number ? recent : this.#tables.get(file.number)
    if (known !== undefined) {
      known.recentlyUsed = true
      if (known !== recent) this.#recent[file.number % recentTables] = known
      return known
    }
    while (this.isFull) this.#closeOne()
    const reader = this.#openReader(file, comparator, this.blockCache)
    const table: CachedTable = {
      fileNumber: file.number,
      reader,
      rangeTombstones: clipTombstones(reader, file, comparator),
      recentlyUsed: false,
    }
    this.#tables.set(file.number, table)
    this.blockCache.reserve(reader.memoryBytes)
    return table
  }

  /** A reader of the caller's own, which reads past every cache. @throws CorruptionError when the file is damaged or missing */
  openPastCache(file: FileMetadata, comparator: Comparator): TableReader {
    return this.#openReader(file, comparator)
  }

  #openReader(file: FileMetadata, comparator: Comparator, cache?: BlockCache): TableReader {
    const { largestSequence } = file
    const options = { comparator, largestSequence, ...(cache === undefined ? {} : { cache }) }
    const path = join(this.#directory, tableFileName(file.number))
    try {
      return TableReader.openSync(this.#fs, path, options)
    } catch (error) {
      if (!isNotFound(error)) throw error
      const old = join(this.#directory, oldTableFileName(file.number))
      try {
        return TableReader.openSync(this.#fs, old, options)
      } catch (oldError) {
        if (!isNotFound(oldError)) throw oldError
      }
      if (file.pathId !== undefined) throw elsewhere(path)
      throw new CorruptionError('table of the manifest is missing', { file: path, cause: error })
    }
  }

  /** Numbers of the open tables. */
  numbers(): number[] {
    return [...this.#tables.keys()]
  }

  /** Closes the first table that was not read since it was passed over last. */
  #closeOne(): void {
    for (const [number, table] of this.#tables) {
      if (!table.recentlyUsed) {
        this.evict(number)
        return
      }
      table.recentlyUsed = false
      this.#tables.delete(number)
      this.#tables.set(number, table)
    }
  }

  /** Closes a table whose file goes. */
  evict(fileNumber: number): void {
    const table = this.#tables.get(fileNumber)
    if (table === undefined) return
    this.#closings++
    this.#tables.delete(fileNumber)
    if (this.#recent[fileNumber % recentTables] === table)
      this.#recent[fileNumber % recentTables] = undefined
    this.#close(table)
  }

  closeAll(): void {
    this.#closings++
    for (const table of this.#tables.values()) this.#close(table)
    this.#tables.clear()
    this.#recent.fill(undefined)
    this.blobs.closeAll()
  }

  #close({ reader }: CachedTable): void {
    this.blockCache.reserve(-reader.memoryBytes)
    closeReader(reader)
  }
}

/** The error for a table that RocksDB put into another directory of its option `db_paths`; the MANIFEST tells only which of them. */
export function elsewhere(path: string): UnsupportedError {
  return new UnsupportedError(
    `several directories of tables (db_paths), one of which has "${path}"`,
  )
}

/** Whoever reads another table must not fail for it: of a reader nothing can be lost. */
function closeReader(reader: TableReader): void {
  try {
    reader.closeSync()
  } catch {
    // The descriptor is gone either way.
  }
}

/** A stored tombstone may reach beyond its file, where versions have moved on without it: it holds only inside the bounds. */
function clipTombstones(
  reader: TableReader,
  file: FileMetadata,
  comparator: Comparator,
): RangeTombstoneList | undefined {
  if (reader.rangeTombstones.length === 0) return undefined
  const list = new RangeTombstoneList(comparator)
  for (const tombstone of tombstonesWithinFile(reader.rangeTombstones, file, comparator))
    list.add(tombstone)
  return list
}
