import { InternalKeyComparator, prefixExtractorNamed, type PrefixExtractor } from '@varve/base'
import type { CompactionPicker } from '@varve/compaction'
import type { Version } from '@varve/manifest'
import { Memtable, SpareMemory } from '@varve/memtable'

import type { ColumnFamilyHandle } from '../db/handles.ts'
import type { ResolvedColumnFamilyOptions } from '../options/resolve.ts'
import { mergeOperatorNamed } from '../read/merge-operators.ts'
import { LookupPlans } from '../read/lookup-plan.ts'
import type { LookupEnvironment } from '../read/point-lookup.ts'
import { FamilyRows } from '../read/row-cache.ts'
import type { TableCache } from '../read/table-cache.ts'
import { createCompactionPicker } from './compaction-picker.ts'
import { SuperVersion } from './super-version.ts'

/** A memtable with the log that was current when it was made: what it holds is in that log and later ones. */
export interface LoggedMemtable {
  readonly memtable: Memtable
  /** Logs with smaller numbers hold nothing of it. Moves up while it is empty. */
  logNumber: number
  /** Oldest log with a prepared transaction that was committed into it; Infinity when there is none. */
  preparedLogNumber: number
}

/** While one memtable takes writes and one is flushed, two are in turn; two sealed ones at once make it three. */
const maxSpareMemtables = 2
/** Spare memory is let go when no memtable has ended for so long. */
const spareMemoryMs = 10_000

/**
 * A column family while the database is open: its memtables, its tables, and the superversion that readers use.
 *
 * Its handle is the object itself, seen through {@link ColumnFamilyHandle}.
 */
export class ColumnFamily implements ColumnFamilyHandle {
  readonly id: number
  readonly name: string
  #options: ResolvedColumnFamilyOptions
  readonly comparator: InternalKeyComparator
  readonly lookup: LookupEnvironment
  /** Values of single keys; undefined when they are not cached, or could change without a write. */
  readonly rows: FamilyRows | undefined
  #compactionPicker: CompactionPicker
  /** Takes writes. */
  active: LoggedMemtable
  /** Sealed and not yet in a table; oldest first. */
  immutables: LoggedMemtable[]
  /** Sealed memtables, the oldest ones, that a running flush is writing. */
  flushing = 0
  dropped = false
  readonly #spares: SpareMemory
  #spareTimer: NodeJS.Timeout | undefined
  /** Grows with each superversion. */
  superVersionNumber = 1
  #superVersion: SuperVersion

  constructor(
    id: number,
    name: string,
    options: ResolvedColumnFamilyOptions,
    version: Version,
    logNumber: number,
    tables: TableCache,
  ) {
    this.id = id
    this.name = name
    this.#options = options
    this.comparator = new InternalKeyComparator(options.comparator)
    this.lookup = {
      comparator: this.comparator,
      mergeOperator:
        options.mergeOperator === undefined
          ? options.userMergeOperator
          : mergeOperatorNamed(options.mergeOperator),
      tables,
      plans: new LookupPlans(),
      familyName: name,
      hasTimes: options.ttlSeconds !== undefined,
    }
    const changesByItself =
      options.ttlSeconds !== undefined ||
      options.compactionFilter !== undefined ||
      options.compactionStyle === 'fifo'
    this.rows =
      tables.rows === undefined || changesByItself ? undefined : new FamilyRows(tables.rows, id)
    this.#compactionPicker = createCompactionPicker(options)
    this.#spares = new SpareMemory(maxSpareMemtables, (buffer, sizeBytes) =>
      tables.blockCache.lend(buffer, sizeBytes),
    )
    this.active = this.#newMemtable(logNumber)
    this.immutables = []
    this.#superVersion = this.#newSuperVersion(version)
  }

  get options(): ResolvedColumnFamilyOptions {
    return this.#options
  }

  /** Changes with the options. */
  get compactionPicker(): CompactionPicker {
    return this.#compactionPicker
  }

  get prefixExtractor(): PrefixExtractor | undefined {
    const { prefixExtractor } = this.#options
    return typeof prefixExtractor === 'string'
      ? prefixExtractorNamed(prefixExtractor)
      : prefixExtractor
  }

  /** From here on; order, merge operator and times must be the same. Jobs that run go on with the old ones. */
  changeOptions(options: ResolvedColumnFamilyOptions): void {
    this.#options = options
    this.#compactionPicker = createCompactionPicker(options)
  }

  /** What reads of this moment use; take a reference to keep it across an await. */
  get superVersion(): SuperVersion {
    return this.#superVersion
  }

  /** Oldest log that holds something unflushed, were nothing in flight. */
  get oldestLogNumber(): number {
    return (this.immutables[0] ?? this.active).logNumber
  }

  get memoryBytes(): number {
    let bytes = this.active.memtable.approximateMemoryBytes
    for (const { memtable } of this.immutables) bytes += memtable.approximateMemoryBytes
    return bytes
  }

  /** Memory that is resident for the family's memtables, those to come included. */
  get residentBytes(): number {
    let bytes = this.active.memtable.residentBytes + this.#spares.sizeBytes
    for (const { memtable } of this.immutables) bytes += memtable.residentBytes
    return bytes
  }

  /** The oldest `count` sealed memtables are in a table, and nobody reads them elsewhere: see {@link installSuperVersion}. */
  dropImmutables(count: number): void {
    for (const { memtable } of this.immutables.splice(0, count)) memtable.unref()
    clearTimeout(this.#spareTimer)
    this.#spareTimer = setTimeout(() => this.#spares.clear(), spareMemoryMs).unref()
  }

  /** Seals the active memtable; a new one takes the writes from log `logNumber` on. */
  switchMemtable(logNumber: number): void {
    this.active.memtable.seal()
    this.immutables.push(this.active)
    const { lookedUp, iterated } = this.active.memtable
    this.active = this.#newMemtable(logNumber, lookedUp, iterated)
    this.installSuperVersion(this.#superVersion.version, true)
  }

  /** Makes memtables and `version` visible to the reads that begin now. `sameContent`: no key reads otherwise than before. */
  installSuperVersion(version: Version, sameContent: boolean = false): void {
    if (!sameContent) this.rows?.forget()
    this.superVersionNumber++
    const old = this.#superVersion
    if (version !== old.version) this.lookup.plans.forget()
    this.#superVersion = this.#newSuperVersion(version)
    old.unref()
  }

  /** Takes the memtables and the version of another state of the same family, which is given away. */
  adopt(other: ColumnFamily): void {
    this.active = other.active
    this.immutables = other.immutables
    this.installSuperVersion(other.superVersion.version)
    other.close()
  }

  /** Lets go of the current superversion; the family is not read any more. */
  close(): void {
    this.#superVersion.unref()
    clearTimeout(this.#spareTimer)
    this.#spares.close()
  }

  #newSuperVersion(version: Version): SuperVersion {
    version.ref()
    return new SuperVersion(
      this.active.memtable,
      this.immutables.map(({ memtable }) => memtable).reverse(),
      version,
      () => version.unref(),
    )
  }

  #newMemtable(
    logNumber: number,
    expectsLookups: boolean = false,
    expectsOrder: boolean = false,
  ): LoggedMemtable {
    return {
      memtable: new Memtable({
        comparator: this.options.comparator,
        observer: this.rows,
        spares: this.#spares,
        expectsLookups,
        expectsOrder,
      }),
      logNumber,
      preparedLogNumber: Number.POSITIVE_INFINITY,
    }
  }
}
