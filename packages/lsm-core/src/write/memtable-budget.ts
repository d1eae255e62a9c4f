import type { ColumnFamily } from '../column-family/column-family.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import type { WalSet } from './wal-set.ts'
import { exceeds, type WriteBufferMember } from './write-buffer-manager.ts'

/** Room for more than this in all memtables counts as this. */
const maxRoomBytes = 1 << 20
/** Room that is taken to be there at least of what several databases share: their bound is a soft one. */
const sharedRoomBytes = 1 << 18
/** A family whose memtables hold more than this is written to: it will come to hold what {@link memtablesInTurn} take. */
const busyFamilyBytes = 1 << 20
/** One takes writes while another is flushed. */
const memtablesInTurn = 2
/** An entry takes more memory than it has bytes: the room is looked at again when this part of it is used. */
const roomCheckFraction = 16
/** The cache is told of changes in multiples of this. */
const reservedGranuleBytes = 1 << 18

/** What the budget needs of its database. */
export interface MemtableBudgetTarget {
  readonly options: ResolvedDBOptions
  readonly families: ReadonlyMap<number, ColumnFamily>
  readonly wals: WalSet
  readonly background: { schedule(): void }
  readonly closed: boolean
  /** Why writes are refused, undefined while they are not. */
  readonly failure: unknown
  fail(error: unknown): void
  /** Seals the active memtable of a family, if it holds anything, and has it flushed. */
  switchMemtable(family: ColumnFamily): void
}

/**
 * Bounds what memtables and the logs that they keep take: seals a memtable that is full, the largest one when all of them, here or in
 * the databases that share a {@link WriteBufferManager}, are too much, and those that keep an old log. Their memory is reserved in the block cache.
 */
export class MemtableBudget implements WriteBufferMember {
  readonly #db: MemtableBudgetTarget
  /** Bytes of batches until {@link makeRoom} looks at the memtables again. */
  #untilRoomCheckBytes = 0
  #reservedBytes = 0

  constructor(db: MemtableBudgetTarget) {
    this.#db = db
  }

  /** Hot. A batch of so many bytes goes in next: what is full is sealed before. */
  beforeWrite(bytes: number): void {
    this.#untilRoomCheckBytes -= bytes
    if (this.#untilRoomCheckBytes < 0) this.makeRoom()
  }

  /** Seals what is full before the next write goes in. */
  makeRoom(): void {
    const { families, wals, options } = this.#db
    const { dbWriteBufferSizeBytes, writeBufferManager } = options
    let room = maxRoomBytes
    for (const family of families.values()) {
      const { writeBufferSizeBytes } = family.options
      const bytes = family.active.memtable.approximateMemoryBytes
      if (bytes >= writeBufferSizeBytes) this.#db.switchMemtable(family)
      else room = Math.min(room, writeBufferSizeBytes - bytes)
    }
    const { active, total } = this.memoryChanged()
    if (dbWriteBufferSizeBytes > 0) {
      if (exceeds(active, total, dbWriteBufferSizeBytes)) this.flushLargest()
      room = Math.min(room, Math.max(0, dbWriteBufferSizeBytes - total))
    }
    // While others hold the memory, looking at every write would not free it.
    if (writeBufferManager !== undefined)
      room = Math.min(room, Math.max(writeBufferManager.roomBytes, sharedRoomBytes))
    this.#untilRoomCheckBytes = Math.floor(room / roomCheckFraction)
    if (wals.totalSizeBytes > this.#maxTotalWalSizeBytes && this.#logsOutgrowMemtables) {
      const oldest = this.#oldestNeededLog
      // Logs that only wait for a transaction to be decided are not helped by a flush.
      if (wals.sizeFrom(oldest) > this.#maxTotalWalSizeBytes) this.#releaseLog(oldest)
    }
  }

  /** Counts the memtables against the budgets they share with others, which may have a memtable of any of them flushed. */
  memoryChanged(): { readonly active: number; readonly total: number } {
    const { families, options, closed } = this.#db
    let active = 0
    let total = 0
    let resident = 0
    let expected = 0
    for (const family of families.values()) {
      const { residentBytes } = family
      active += family.active.memtable.approximateMemoryBytes
      total += family.memoryBytes
      resident += residentBytes
      if (residentBytes > busyFamilyBytes)
        expected = Math.max(expected, memtablesInTurn * family.options.writeBufferSizeBytes)
    }
    // Blocks that leave the cache for memtables leave holes in the heap, which memtables cannot fill: the room is kept from the beginning.
    const half = options.blockCache.capacityBytes / 2
    this.#reserve(Math.max(resident, Math.min(expected, half)))
    if (!closed) options.writeBufferManager?.update(this, active, total)
    return { active, total }
  }

  /** Bytes of the largest memtable that takes writes; 0 when none can be flushed. */
  get largestActiveBytes(): number {
    return this.#largest?.active.memtable.approximateMemoryBytes ?? 0
  }

  /** Seals the largest memtable, so that it is flushed. */
  flushLargest(): void {
    const family = this.#largest
    if (family === undefined) return
    try {
      this.#db.switchMemtable(family)
    } catch (error) {
      // Said to those who write here; perhaps it was the write of another database that asked.
      this.#db.fail(error)
    }
  }

  /** Gives back what is reserved, and takes no more part in what is shared. */
  close(): void {
    const { blockCache, writeBufferManager } = this.#db.options
    blockCache.reserve(-this.#reservedBytes)
    this.#reservedBytes = 0
    writeBufferManager?.remove(this)
  }

  get #largest(): ColumnFamily | undefined {
    const { closed, failure, families } = this.#db
    if (closed || failure !== undefined) return undefined
    let largest: ColumnFamily | undefined
    let most = 0
    for (const family of families.values()) {
      const { memtable } = family.active
      if (memtable.empty || memtable.approximateMemoryBytes <= most) continue
      largest = family
      most = memtable.approximateMemoryBytes
    }
    return largest
  }

  /** Whether logs can grow without a memtable that becomes full: a quiet family keeps them all, or memory does not grow with what is written. */
  get #logsOutgrowMemtables(): boolean {
    const { families } = this.#db
    return (
      families.size > 1 || families.values().some(({ active }) => active.memtable.overwrittenTo > 0)
    )
  }

  get #maxTotalWalSizeBytes(): number {
    const { options, families } = this.#db
    if (options.maxTotalWalSizeBytes > 0) return options.maxTotalWalSizeBytes
    let bytes = 0
    for (const { options: familyOptions } of families.values()) {
      // The log of a single family outgrows its memtable only where values are written over. Recovery reads it all.
      const number = families.size > 1 ? familyOptions.maxWriteBufferNumber : 1
      bytes += familyOptions.writeBufferSizeBytes * number
    }
    return bytes * 4
  }

  /** Oldest log that some family holds something of in memory. */
  get #oldestNeededLog(): number {
    const { families, wals } = this.#db
    let oldest = wals.currentNumber
    for (const family of families.values()) oldest = Math.min(oldest, family.oldestLogNumber)
    return oldest
  }

  /** Flushes every family that pins the log `oldest`, so that one quiet family does not keep all logs. */
  #releaseLog(oldest: number): void {
    for (const family of this.#db.families.values()) {
      // What is sealed is on its way.
      if (family.active.logNumber <= oldest) this.#db.switchMemtable(family)
    }
    this.#db.background.schedule()
  }

  /** Counts memtables against the memory budget that they share with the block cache. */
  #reserve(bytes: number): void {
    const rounded = Math.ceil(bytes / reservedGranuleBytes) * reservedGranuleBytes
    if (rounded === this.#reservedBytes) return
    this.#db.options.blockCache.reserve(rounded - this.#reservedBytes)
    this.#reservedBytes = rounded
  }
}
