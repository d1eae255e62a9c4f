import type { SeededRandom } from '@varve/base/testing'
import { DB, TransactionDB, type ColumnFamilyHandle, type DBOptions } from '@varve/lsm-core'
import { BlockCache } from '@varve/sst-format'
import type { FileSystem } from '@varve/vfs'

import { checkCursors } from './check-cursors.ts'
import { ChangeMaker } from './changes.ts'
import { differenceOf, emptyContent, sameContent, type Content } from './content.ts'
import { HeldSnapshots } from './held-snapshots.ts'
import { Ledger, type State, type Timeline } from './ledger.ts'
import { readContent } from './read-content.ts'
import type { FamilySetup, Setup, SetupLimits } from './setup.ts'

/** Where the database of a history is. */
export const databasePath = '/db'

/** An open family of a history. */
export interface LiveFamily {
  readonly handle: ColumnFamilyHandle
  readonly setup: FamilySetup
}

/** What a history is made of. */
export interface LiveHistoryOptions {
  readonly fileSystem: FileSystem
  readonly random: SeededRandom
  readonly setup: Setup
  /** Directory of the database. Default {@link databasePath}. */
  readonly path?: string
  /** What is known already of the database to open. Default: there is none. */
  readonly ledger?: Ledger
  readonly limits?: SetupLimits
  /** Continues the numbers of another history of the same database. */
  readonly changes?: ChangeMaker
  /** Whether the file system has failed already in a way that the history may not have been told of. Default: never. */
  readonly isDisturbed?: () => boolean
}

/**
 * One database beside a model of it. The {@link Ledger} knows at every moment what was asked for and what was acknowledged. What
 * the database throws is passed on; an Error of its own says that the database shows something else than the model.
 */
export class LiveHistory {
  readonly setup: Setup
  readonly changes: ChangeMaker
  readonly random: SeededRandom
  readonly path: string
  readonly limits: SetupLimits
  readonly isDisturbed: () => boolean
  readonly snapshots: HeldSnapshots = new HeldSnapshots()
  #ledger: Ledger
  #fileSystem: FileSystem
  readonly #families = new Map<number, LiveFamily>()
  readonly #known = new Map<string, FamilySetup>()
  #db: DB | undefined
  #names = 0
  /** The step under way, for messages. */
  step = 'open'
  /** A repair was begun. */
  wasRepaired = false
  /** Names of the transactions that the last opening found prepared, and rolled back. */
  undecided: readonly string[] = []

  constructor(options: LiveHistoryOptions) {
    this.#ledger = options.ledger ?? new Ledger()
    this.setup = options.setup
    this.random = options.random
    this.changes = options.changes ?? new ChangeMaker(options.random)
    this.#fileSystem = options.fileSystem
    this.path = options.path ?? databasePath
    this.limits = options.limits ?? {}
    this.isDisturbed = options.isDisturbed ?? ((): boolean => false)
  }

  get ledger(): Ledger {
    return this.#ledger
  }

  get db(): DB {
    return this.#db!
  }

  get fileSystem(): FileSystem {
    return this.#fileSystem
  }

  /** Setups of all families there ever were, by name: a name is used once. */
  get known(): ReadonlyMap<string, FamilySetup> {
    return this.#known
  }

  get isOpen(): boolean {
    return this.#db !== undefined
  }

  /** Families that are open. */
  get families(): readonly LiveFamily[] {
    return [...this.#families.values()]
  }

  /** A number for a name that was not used before. */
  nextName(): number {
    return ++this.#names
  }

  // Life

  /** Opens the database with the families it may have: those of the ledger, else those of the setup. */
  async open(families: readonly FamilySetup[] = this.setup.families): Promise<void> {
    this.step = 'open'
    const { ledger } = this
    for (const setup of families)
      if (!ledger.mustExist.has(setup.name)) this.mayAppear(setup)
      else this.#known.set(setup.name, setup)
    const db = await this.openAt(this.path, families, this.setup.db)
    this.#db = db
    ledger.opened = true
    ledger.unnamed = false
    this.#families.clear()
    for (const setup of families) this.addFamily(setup, db.columnFamily(setup.name))
  }

  /** Opens the database of `path` as this one is. What was prepared and neither committed nor rolled back has not happened. */
  async openAt(path: string, families: readonly FamilySetup[], options: Setup['db']): Promise<DB> {
    const { cacheBytes, locks } = this.setup
    const all = {
      ...options,
      ...this.openOptions(families),
      // Not the one of the process: what was read before must not decide what is read now.
      blockCache: new BlockCache({ capacityBytes: cacheBytes ?? 1 << 20 }),
    }
    if (locks !== true) return await DB.open(path, all)
    const db = await TransactionDB.open(path, all)
    try {
      const undecided = db.getAllPreparedTransactions()
      this.undecided = undecided.map(({ name }) => name)
      for (const transaction of undecided) await transaction.rollback()
    } catch (error) {
      await db.close()
      throw error
    }
    return db
  }

  /** What every opening needs. */
  openOptions(
    families: readonly FamilySetup[] = this.families.map(({ setup }) => setup),
  ): Required<Pick<DBOptions, 'createIfMissing' | 'fileSystem' | 'columnFamilies'>> {
    return {
      createIfMissing: true,
      fileSystem: this.#fileSystem,
      columnFamilies: Object.fromEntries(families.map(({ name, options }) => [name, options])),
    }
  }

  /** Goes on from what is open now, which `ledger` describes. */
  withLedger(ledger: Ledger): this {
    this.#ledger = ledger
    ledger.opened = true
    for (const { handle, setup } of this.#families.values()) this.addFamily(setup, handle)
    return this
  }

  /** Goes on from another disk with the next opening. */
  withFileSystem(fileSystem: FileSystem): this {
    this.#fileSystem = fileSystem
    return this
  }

  /** Closes what is open; the database too. */
  async close(): Promise<void> {
    this.step = 'close'
    this.snapshots.releaseAll()
    const db = this.#db
    this.#db = undefined
    await db?.close()
    // What skipped the log was flushed; the log is not synced.
    for (const timeline of this.ledger.unlogged.values()) timeline.keep(timeline.last, 'power')
  }

  // Families

  /** A family is about to be made. */
  mayAppear(setup: FamilySetup): void {
    this.ledger.mayExist.set(setup.name, setup)
    this.#known.set(setup.name, setup)
  }

  /** A family is there. */
  addFamily(setup: FamilySetup, handle: ColumnFamilyHandle): void {
    this.#families.set(handle.id, { handle, setup })
    this.ledger.timelineOf(handle.id, setup)
    this.ledger.mayExist.delete(setup.name)
    this.ledger.mustExist.set(setup.name, setup)
  }

  /** A family is about to be dropped. */
  mayVanish({ setup }: LiveFamily): void {
    this.ledger.mustExist.delete(setup.name)
    this.ledger.mayExist.set(setup.name, setup)
  }

  /** A family is gone. */
  removeFamily({ handle, setup }: LiveFamily): void {
    this.ledger.mayExist.delete(setup.name)
    this.#families.delete(handle.id)
  }

  pickFamily(): LiveFamily {
    return this.random.pick(this.families)
  }

  // What must be found

  /** What a family must show. */
  contentOf({ handle, setup }: LiveFamily): Content {
    return this.ledger.timelineOf(handle.id, setup).current.get(handle.id) ?? emptyContent
  }

  /** Compares every family with the model, and with what snapshots held saw. @throws Error at the first difference */
  async check(): Promise<void> {
    for (const family of this.families) {
      const { handle, setup } = family
      const expected = this.contentOf(family)
      this.compare(readContent(this.db, handle, setup), expected, handle.name)
      checkCursors(this.db, handle, setup, expected, this.random)
    }
    for (const { snapshot, states } of this.snapshots) {
      for (const [id, expected] of states) {
        const family = this.#families.get(id)
        if (family === undefined) continue
        const { handle, setup } = family
        const actual = readContent(this.db, handle, setup, snapshot)
        this.compare(actual, expected, `${handle.name} at snapshot ${snapshot.sequence}`)
        checkCursors(this.db, handle, setup, expected, this.random, snapshot)
      }
    }
  }

  /** @throws Error when the family `what` shows something else than expected */
  compare(actual: Content, expected: Content, what: string): void {
    if (!sameContent(actual, expected))
      throw new Error(`family "${what}" after "${this.step}": ${differenceOf(actual, expected)}`)
  }

  /** What stays in the memory of the process without a sync is not kept by its death. */
  keepWritten(timeline: Timeline, number: number, sync: boolean): void {
    if (sync) timeline.keep(number, 'power')
    else if (this.setup.db.manualWalFlush !== true) timeline.keep(number, 'process')
  }

  /** What the families held before `work` survives everything once it is done. */
  async keeping(families: readonly LiveFamily[], work: () => Promise<void>): Promise<void> {
    const reached = families.map(({ handle, setup }) => {
      const timeline = this.ledger.timelineOf(handle.id, setup)
      return [timeline, lastChange(timeline, handle.id)] as const
    })
    await work()
    for (const [timeline, number] of reached) timeline.keep(number, 'power')
  }
}

/** Number of the last write that touched a family. */
function lastChange(timeline: Timeline, id: number): number {
  const contentAt = (n: number): Content | undefined => (timeline.states[n] as State).get(id)
  let n = timeline.last
  while (n > 0 && contentAt(n) === contentAt(n - 1)) n--
  return n
}
