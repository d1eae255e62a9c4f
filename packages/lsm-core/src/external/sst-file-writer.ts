import {
  encodeInternalKey,
  InvalidOptionError,
  systemClock,
  systemRandom,
  toBytes,
  userKeyOf,
  ValueType,
  type Clock,
  type Comparator,
  type Random,
} from '@varve/base'
import {
  createSessionId,
  FragmentedRangeTombstones,
  TableBuilder,
  type RangeTombstone,
  type TablePropertyCollector,
} from '@varve/sst-format'
import { nodeFileSystem, type FileSystem, type WritableFile } from '@varve/vfs'

import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import { resolveColumnFamilyOptions, tableOptionsOf } from '../options/resolve.ts'
import type { TableLayoutOptions } from '../options/table-layout.ts'

/** Options of {@link SstFileWriter.open}: order and table layout, as a family has them. */
export interface SstFileWriterOptions
  extends TableLayoutOptions, Pick<ColumnFamilyOptions, 'comparator'> {
  /** Gather properties of their own; used up by the table. */
  readonly propertyCollectors?: readonly TablePropertyCollector[]
  /** Default: the host's disk. */
  readonly fileSystem?: FileSystem
  readonly clock?: Clock
  readonly random?: Random
}

/** What {@link SstFileWriter.finish} has written. */
export interface ExternalFile {
  readonly path: string
  readonly fileSizeBytes: number
  /** Point entries and range deletes. */
  readonly entries: number
  /** Least and greatest user key, ends of range deletes included. */
  readonly smallest: Uint8Array
  readonly largest: Uint8Array
}

/** Family of a table that no family has made. */
const unknownFamilyId = 0x7fffffff

/**
 * Writes a table outside a database, for {@link DB.ingestExternalFile} here or in RocksDB. Keys come in the order of the
 * family, each once; range deletes in any order, and they do not touch the keys of the same file.
 *
 * @example
 * ```ts
 * const writer = await SstFileWriter.open('/tmp/bulk.sst')
 * writer.put('a', '1').put('b', '2')
 * await writer.finish()
 * await db.ingestExternalFile('/tmp/bulk.sst')
 * ```
 */
export class SstFileWriter {
  readonly path: string
  readonly #fs: FileSystem
  readonly #file: WritableFile
  readonly #builder: TableBuilder
  readonly #comparator: Comparator
  readonly #tombstones: RangeTombstone[] = []
  #closed = false

  private constructor(file: WritableFile, options: SstFileWriterOptions) {
    const {
      fileSystem,
      clock = systemClock,
      random = systemRandom,
      propertyCollectors,
      ...layout
    } = options
    const resolved = resolveColumnFamilyOptions(layout, { writeBufferSizeBytes: 64 << 20 })
    this.path = file.path
    this.#fs = fileSystem ?? nodeFileSystem
    this.#file = file
    this.#comparator = resolved.comparator
    this.#builder = new TableBuilder(
      file,
      {
        comparator: resolved.comparator,
        columnFamilyId: unknownFamilyId,
        columnFamilyName: '',
        fileNumber: 1,
        dbId: 'SST Writer',
        sessionId: createSessionId(random),
        fileCreationTimeS: Math.floor(clock.now() / 1000),
        external: true,
        ...(propertyCollectors === undefined ? {} : { propertyCollectors }),
      },
      // As where such tables mostly end up.
      tableOptionsOf(resolved, { level: 6, bottommost: true }),
    )
  }

  /** Begins the table `path`; a file that is there is replaced. */
  static async open(path: string, options: SstFileWriterOptions = {}): Promise<SstFileWriter> {
    const file = await (options.fileSystem ?? nodeFileSystem).openWritable(path)
    try {
      return new SstFileWriter(file, options)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  put(key: string | Uint8Array, value: string | Uint8Array): this {
    return this.#add(ValueType.Value, key, value)
  }

  delete(key: string | Uint8Array): this {
    return this.#add(ValueType.Deletion, key, '')
  }

  /** Adds an operand for the merge operator of the family that takes the table in. */
  merge(key: string | Uint8Array, operand: string | Uint8Array): this {
    return this.#add(ValueType.Merge, key, operand)
  }

  /** Deletes what the family holds from `begin` (inclusive) to `end` (exclusive) when the table is taken in. */
  deleteRange(begin: string | Uint8Array, end: string | Uint8Array): this {
    const start = new Uint8Array(toBytes(begin))
    const stop = new Uint8Array(toBytes(end))
    if (this.#comparator.compare(start, stop) > 0)
      throw new InvalidOptionError('end', 'must not lie before the beginning')
    if (this.#comparator.compare(start, stop) < 0)
      this.#tombstones.push({ start, end: stop, sequence: 0 })
    return this
  }

  /**
   * Ends the table and makes it survive a loss of power.
   *
   * @throws InvalidOptionError when nothing was added
   */
  async finish(): Promise<ExternalFile> {
    const { fragments } = new FragmentedRangeTombstones(this.#tombstones, this.#comparator)
    for (const { start, end } of fragments)
      this.#builder.addRangeTombstone({ start, end, sequence: 0 })
    if (this.#builder.entries === 0) {
      await this.close()
      throw new InvalidOptionError('entries', 'a table has at least one')
    }
    const { fileSizeBytes, entries, smallest, largest } = this.#builder.finish()
    await this.#file.sync()
    await this.#file.close()
    this.#closed = true
    return {
      path: this.path,
      fileSizeBytes,
      entries,
      smallest: userKeyOf(smallest!),
      largest: userKeyOf(largest!),
    }
  }

  /** Gives up: removes the file unless it is finished. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#file.close()
    await this.#fs.remove(this.path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #add(type: number, key: string | Uint8Array, value: string | Uint8Array): this {
    const userKey = toBytes(key)
    const { lastKey } = this.#builder
    if (lastKey.length > 0 && this.#comparator.compare(userKeyOf(lastKey), userKey) >= 0)
      throw new InvalidOptionError('key', 'must come behind the key before it')
    this.#builder.add(encodeInternalKey(userKey, 0, type), toBytes(value))
    return this
  }
}
