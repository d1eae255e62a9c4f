import { CorruptionError } from '@varve/base'
import type { SeededRandom } from '@varve/base/testing'
import {
  DB,
  deleteBackup,
  destroyDb,
  repairDb,
  restoreBackup,
  SstFileWriter,
  TransactionDB,
  verifyBackup,
  WriteBatch,
  type ColumnFamilyHandle,
  type DBOptions,
  type Snapshot,
} from '@varve/lsm-core'
import type { FileSystem } from '@varve/vfs'

import { checkCursors } from './check-cursors.ts'
import { ChangeMaker } from './changes.ts'
import {
  changed,
  differenceOf,
  emptyContent,
  sameContent,
  sortedKeys,
  type Change,
  type Content,
} from './content.ts'
import { bytesOf } from './latin1.ts'
import { Ledger, type State, type Timeline } from './ledger.ts'
import { readContent } from './read-content.ts'
import { randomFamily, type FamilySetup, type Setup, type SetupLimits } from './setup.ts'

/** Where the database of a history is. */
export const databasePath = '/db'

interface LiveFamily {
  readonly handle: ColumnFamilyHandle
  readonly setup: FamilySetup
}

/** Steps of a history by how often they come; a drill leaves out what it cannot judge. */
export interface HistorySteps {
  readonly write: number
  readonly burst: number
  readonly flush: number
  readonly compact: number
  readonly ingest: number
  readonly transaction: number
  readonly families: number
  readonly reopen: number
  readonly check: number
  readonly snapshot: number
  readonly checkpoint: number
  readonly backup: number
  /** Opens a reader beside the database: a secondary, which follows it, or one that reads only. */
  readonly reader: number
  /** Closes, repairs and opens the database. */
  readonly repair: number
}

/** A bit of everything. */
export const allSteps: HistorySteps = {
  write: 20,
  burst: 6,
  flush: 4,
  compact: 3,
  ingest: 3,
  transaction: 4,
  families: 2,
  reopen: 1,
  check: 2,
  snapshot: 2,
  checkpoint: 1,
  backup: 1,
  reader: 1,
  repair: 0.5,
}

/** What a history is made of. */
export interface HistoryOptions {
  readonly fileSystem: FileSystem
  readonly random: SeededRandom
  readonly setup: Setup
  /** Directory of the database. Default {@link databasePath}. */
  readonly path?: string
  /** What is known already of the database to open. Default: there is none. */
  readonly ledger?: Ledger
  readonly steps?: HistorySteps
  readonly limits?: SetupLimits
  /** Continues the numbers of another history of the same database. */
  readonly changes?: ChangeMaker
}

/**
 * A random history of one database beside a model of it. The {@link Ledger} knows at every moment what was asked for and what
 * was acknowledged. A step throws what the database throws, and an Error of its own when the database shows something else
 * than the model.
 */
export class History {
  #ledger: Ledger
  readonly setup: Setup
  readonly changes: ChangeMaker
  readonly #random: SeededRandom
  #fileSystem: FileSystem
  readonly #path: string
  readonly #steps: HistorySteps
  readonly #limits: SetupLimits
  readonly #families = new Map<number, LiveFamily>()
  #snapshots: { readonly snapshot: Snapshot; readonly states: ReadonlyMap<number, Content> }[] = []
  #db: DB | undefined
  #madeFamilies = 0
  #externals = 0
  #transactions = 0
  readonly #known = new Map<string, FamilySetup>()
  /** The step under way, for messages. */
  step = 'open'
  /** A repair was begun. */
  wasRepaired = false

  constructor(options: HistoryOptions) {
    this.#ledger = options.ledger ?? new Ledger()
    this.setup = options.setup
    this.#random = options.random
    this.changes = options.changes ?? new ChangeMaker(options.random)
    this.#fileSystem = options.fileSystem
    this.#path = options.path ?? databasePath
    this.#steps = options.steps ?? allSteps
    this.#limits = options.limits ?? {}
  }

  get ledger(): Ledger {
    return this.#ledger
  }

  get db(): DB {
    return this.#db!
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

  /** Opens the database with the families it may have: those of the ledger, else those of the setup. */
  async open(families: readonly FamilySetup[] = this.setup.families): Promise<void> {
    this.step = 'open'
    const { ledger } = this
    for (const setup of families) this.#known.set(setup.name, setup)
    for (const setup of families)
      if (!ledger.mustExist.has(setup.name)) ledger.mayExist.set(setup.name, setup)
    const db = await this.#openAt(this.#path, families, this.setup.db)
    this.#db = db
    ledger.opened = true
    ledger.unnamed = false
    this.#families.clear()
    for (const setup of families) this.#addFamily(setup, db.columnFamily(setup.name))
  }

  /** What was prepared and neither committed nor rolled back has not happened. */
  async #openAt(path: string, families: readonly FamilySetup[], options: Setup['db']): Promise<DB> {
    const all = { ...options, ...this.#options(families) }
    if (this.setup.locks !== true) return await DB.open(path, all)
    const db = await TransactionDB.open(path, all)
    try {
      for (const transaction of db.getAllPreparedTransactions()) await transaction.rollback()
    } catch (error) {
      await db.close()
      throw error
    }
    return db
  }

  /** Goes on from what is open now, which `ledger` describes. */
  withLedger(ledger: Ledger): this {
    this.#ledger = ledger
    ledger.opened = true
    for (const { handle, setup } of this.#families.values()) this.#addFamily(setup, handle)
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
    this.#releaseSnapshots()
    const db = this.#db
    this.#db = undefined
    await db?.close()
    // What skipped the log was flushed; the log is not synced.
    for (const timeline of this.ledger.unlogged.values()) timeline.keep(timeline.last, 'power')
  }

  /** Takes one random step. */
  async next(): Promise<void> {
    const kind = this.#pickStep()
    this.step = kind
    switch (kind) {
      case 'write':
        return this.#write()
      case 'burst':
        return this.#burst()
      case 'flush':
        return this.#flush()
      case 'compact':
        return this.#compact()
      case 'ingest':
        return this.#ingest()
      case 'transaction':
        return this.#transaction()
      case 'families':
        return this.#changeFamilies()
      case 'reopen':
        return this.#reopen()
      case 'check':
        return this.check()
      case 'snapshot':
        return this.#snapshot()
      case 'checkpoint':
        return this.#checkpoint()
      case 'backup':
        return this.#backup()
      case 'reader':
        return this.#reader()
      case 'repair':
        return this.#repair()
    }
  }

  /** Writes one random batch. */
  async writeOnce(): Promise<void> {
    this.step = 'write'
    await this.#write()
  }

  /** Compares every family with the model, and with what snapshots held saw. */
  async check(): Promise<void> {
    for (const { handle, setup } of this.#families.values()) {
      const expected = this.#contentOf(handle.id, setup)
      this.#compare(readContent(this.db, handle, setup), expected, handle.name)
      checkCursors(this.db, handle, setup, expected, this.#random)
    }
    for (const { snapshot, states } of this.#snapshots) {
      for (const [id, expected] of states) {
        const family = this.#families.get(id)
        if (family === undefined) continue
        const actual = readContent(this.db, family.handle, family.setup, snapshot)
        this.#compare(actual, expected, `${family.handle.name} at snapshot ${snapshot.sequence}`)
        checkCursors(this.db, family.handle, family.setup, expected, this.#random, snapshot)
      }
    }
  }

  #compare(actual: Content, expected: Content, what: string): void {
    if (!sameContent(actual, expected))
      throw new Error(`family "${what}" after "${this.step}": ${differenceOf(actual, expected)}`)
  }

  #options(
    families: readonly FamilySetup[],
  ): Pick<DBOptions, 'createIfMissing' | 'fileSystem' | 'columnFamilies'> {
    return {
      createIfMissing: true,
      fileSystem: this.#fileSystem,
      columnFamilies: Object.fromEntries(families.map(({ name, options }) => [name, options])),
    }
  }

  /** Options of the database but for its directory of logs, which a copy of it does not have. */
  get #copyOptions(): Setup['db'] {
    const { walDirectory: _, ...options } = this.setup.db
    return options
  }

  #addFamily(setup: FamilySetup, handle: ColumnFamilyHandle): void {
    this.#families.set(handle.id, { handle, setup })
    this.ledger.timelineOf(handle.id, setup)
    this.ledger.mayExist.delete(setup.name)
    this.ledger.mustExist.set(setup.name, setup)
  }

  #pickStep(): keyof HistorySteps {
    const entries = Object.entries(this.#steps) as [keyof HistorySteps, number][]
    let left = this.#random.below(entries.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [kind, weight] of entries) {
      left -= weight
      if (left < 0) return kind
    }
    return 'write'
  }

  #pickFamily(where: (family: LiveFamily) => boolean): LiveFamily {
    return this.#random.pick(this.families.filter(where))
  }

  #contentOf(id: number, setup: FamilySetup): Content {
    return this.ledger.timelineOf(id, setup).current.get(id) ?? emptyContent
  }

  /** Asks for changes of several families of one timeline; fills the batch. */
  #ask(
    timeline: Timeline,
    changes: readonly (readonly [LiveFamily, readonly Change[]])[],
  ): { readonly number: number; readonly batch: WriteBatch } {
    const next = new Map<number, Content>(timeline.current)
    const batch = new WriteBatch()
    for (const [{ handle, setup }, list] of changes) {
      next.set(handle.id, changed(next.get(handle.id) ?? emptyContent, setup, list))
      for (const change of list) addTo(batch, change, handle)
    }
    return { number: timeline.ask(next), batch }
  }

  /** A batch over some families that log, or over one that does not. */
  #randomBatch(): {
    readonly timeline: Timeline
    readonly batch: WriteBatch
    readonly number: number
    readonly logged: boolean
  } {
    const random = this.#random
    const first = this.#pickFamily(() => true)
    const families = first.setup.logged
      ? this.families.filter(
          (family) => family === first || (family.setup.logged && random.below(2) === 0),
        )
      : [first]
    const timeline = this.ledger.timelineOf(first.handle.id, first.setup)
    const changes = families.map((family) => {
      const content = timeline.current.get(family.handle.id) ?? emptyContent
      return [family, this.changes.batch(family.setup, content, 1 + random.below(6))] as const
    })
    return { timeline, logged: first.setup.logged, ...this.#ask(timeline, changes) }
  }

  async #write(): Promise<void> {
    const { timeline, batch, number, logged } = this.#randomBatch()
    const sync = logged && this.#random.below(4) === 0
    // A batch may have range deletions, which no lock is for.
    const options = { sync, disableWal: !logged, skipConcurrencyControl: true }
    if (this.#random.below(2) === 0) this.db.writeSync(batch, options)
    else await this.db.write(batch, options)
    if (logged) this.#keepWritten(timeline, number, sync)
  }

  /** What stays in the memory of the process without a sync is not kept by its death. */
  #keepWritten(timeline: Timeline, number: number, sync: boolean): void {
    if (sync) timeline.keep(number, 'power')
    else if (this.setup.db.manualWalFlush !== true) timeline.keep(number, 'process')
  }

  /** Writes that are asked for together, so that they share records and syncs. */
  async #burst(): Promise<void> {
    const outcomes = Array.from({ length: 2 + this.#random.below(5) }, async () => {
      const { timeline, batch, number, logged } = this.#randomBatch()
      const sync = logged && this.#random.below(4) === 0
      const options = { sync, disableWal: !logged, skipConcurrencyControl: true }
      await this.db.write(batch, options)
      if (logged) this.#keepWritten(timeline, number, sync)
    })
    await firstFailure(outcomes)
  }

  async #flush(): Promise<void> {
    const all = this.#random.below(3) === 0
    const families = all ? this.families : [this.#pickFamily(() => true)]
    await this.#keeping(families, () =>
      all ? this.db.flush() : this.db.flush({ cf: families[0]!.handle }),
    )
  }

  /** What the families held before `work` survives everything once it is done. */
  async #keeping(families: readonly LiveFamily[], work: () => Promise<void>): Promise<void> {
    const reached = families.map(({ handle, setup }) => {
      const timeline = this.ledger.timelineOf(handle.id, setup)
      return [timeline, lastChange(timeline, handle.id)] as const
    })
    await work()
    for (const [timeline, number] of reached) timeline.keep(number, 'power')
  }

  async #compact(): Promise<void> {
    const family = this.#pickFamily(() => true)
    const whole = this.#random.below(2) === 0
    const [begin, end] = this.changes.range(family.setup)
    await this.#keeping([family], () =>
      this.db.compactRange({
        cf: family.handle,
        ...(whole ? {} : { begin: bytesOf(begin), end: bytesOf(end) }),
      }),
    )
  }

  async #ingest(): Promise<void> {
    const candidates = this.families.filter(
      ({ setup }) => setup.logged && setup.options.ttlSeconds === undefined,
    )
    if (candidates.length === 0) return this.#write()
    const family = this.#random.pick(candidates)
    const { handle, setup } = family
    const list = this.changes
      .batch(setup, emptyContent, 1 + this.#random.below(6))
      .filter(({ kind }) => kind === 'put' || kind === 'delete')
    const latest = new Map(list.map((change) => [change.key, change]))
    const keys = sortedKeys(new Map(list.map(({ key }) => [key, ''])), setup)
    if (keys.length === 0) return this.#write()
    const external = `${this.#path}-external-${++this.#externals}.sst`
    {
      await using writer = await SstFileWriter.open(external, {
        fileSystem: this.#fileSystem,
        ...(setup.options.comparator === undefined ? {} : { comparator: setup.options.comparator }),
      })
      for (const key of keys) {
        const change = latest.get(key)!
        if (change.kind === 'put') writer.put(bytesOf(key), bytesOf(change.value))
        else writer.delete(bytesOf(key))
      }
      await writer.finish()
    }
    const timeline = this.ledger.main
    const { number } = this.#ask(timeline, [[family, keys.map((key) => latest.get(key)!)]])
    await this.db.ingestExternalFile(external, { cf: handle })
    timeline.keep(number, 'power')
    await this.#fileSystem.remove(external)
  }

  #transactionChanges(): (readonly [LiveFamily, readonly Change[]])[] {
    const families = this.families.filter(({ setup }) => setup.logged)
    return families.map((family) => {
      const content = this.#contentOf(family.handle.id, family.setup)
      const changes = this.changes
        .batch(family.setup, content, 1 + this.#random.below(3))
        .filter(({ kind }) => kind === 'put' || kind === 'delete' || kind === 'merge')
      return [family, changes] as const
    })
  }

  async #transaction(): Promise<void> {
    if (this.db instanceof TransactionDB) return this.#twoPhaseTransaction(this.db)
    using transaction = this.db.beginTransaction({ optimistic: true })
    const list = this.#transactionChanges()
    for (const [{ handle: cf }, changes] of list) {
      for (const change of changes) {
        const key = bytesOf(change.key)
        if (change.kind === 'put') transaction.put(key, bytesOf(change.value), { cf })
        else if (change.kind === 'merge') transaction.merge(key, bytesOf(change.value), { cf })
        else transaction.delete(key, { cf })
      }
    }
    if (this.#random.below(5) === 0) return transaction.rollback()
    const sync = this.#random.below(3) === 0
    const { number } = this.#ask(this.ledger.main, list)
    await transaction.commit({ sync })
    this.#keepWritten(this.ledger.main, number, sync)
  }

  /** Locks its keys; is committed or rolled back in one phase or, with another write between them, in two. */
  async #twoPhaseTransaction(db: TransactionDB): Promise<void> {
    const random = this.#random
    using transaction = db.beginTransaction()
    const list = this.#transactionChanges()
    for (const [{ handle: cf }, changes] of list) {
      for (const change of changes) {
        const key = bytesOf(change.key)
        if (change.kind === 'put') await transaction.put(key, bytesOf(change.value), { cf })
        else if (change.kind === 'merge')
          await transaction.merge(key, bytesOf(change.value), { cf })
        else await transaction.delete(key, { cf })
      }
    }
    const sync = random.below(3) === 0
    if (random.below(3) > 0) {
      transaction.setName(`transaction ${++this.#transactions}`)
      await transaction.prepare({ sync })
      const between = random.below(4)
      if (between === 0) await this.#write()
      else if (between === 1) await this.#flush()
    }
    if (random.below(4) === 0) return await transaction.rollback()
    const { number } = this.#ask(this.ledger.main, list)
    await transaction.commit({ sync })
    this.#keepWritten(this.ledger.main, number, sync)
  }

  async #changeFamilies(): Promise<void> {
    const { ledger } = this
    const extra = this.families.filter(({ setup }) => setup.name !== 'default')
    if (extra.length < 3 && (extra.length === 0 || this.#random.below(2) === 0)) {
      const name = `made${++this.#madeFamilies}-${this.#random.below(1 << 30)}`
      const setup = randomFamily(this.#random, name, this.#limits)
      ledger.mayExist.set(name, setup)
      this.#known.set(name, setup)
      const handle = await this.db.createColumnFamily(name, setup.options)
      this.#addFamily(setup, handle)
      return
    }
    const { handle, setup } = this.#random.pick(extra)
    ledger.mustExist.delete(setup.name)
    ledger.mayExist.set(setup.name, setup)
    await this.db.dropColumnFamily(handle)
    ledger.mayExist.delete(setup.name)
    this.#families.delete(handle.id)
  }

  async #reopen(): Promise<void> {
    const families = this.families.map(({ setup }) => setup)
    await this.close()
    await this.open(families)
    // Recovery put into tables what the log held.
    this.ledger.keepAll()
  }

  async #snapshot(): Promise<void> {
    if (this.#snapshots.length > 2 || (this.#snapshots.length > 0 && this.#random.below(2) === 0)) {
      this.#snapshots.shift()!.snapshot.release()
      return
    }
    const states = new Map(
      this.families.map(({ handle, setup }) => [handle.id, this.#contentOf(handle.id, setup)]),
    )
    this.#snapshots.push({ snapshot: this.db.snapshot(), states })
  }

  #releaseSnapshots(): void {
    for (const { snapshot } of this.#snapshots) snapshot.release()
    this.#snapshots = []
  }

  /** A second database of this moment shows the same. */
  async #checkpoint(): Promise<void> {
    const path = `${this.#path}-copy`
    await this.#fileSystem.removeTree(path)
    await this.#keeping(this.families, () => this.db.checkpoint(path))
    await this.#compareCopy(path)
  }

  /** What is backed up and restored shows the same. */
  async #backup(): Promise<void> {
    const backups = `${this.#path}-backups`
    const path = `${this.#path}-restored`
    const fileSystem = this.#fileSystem
    const flush = this.#random.below(2) === 0 || this.families.some(({ setup }) => !setup.logged)
    let id = 0
    const back = async (): Promise<void> => {
      id = (await this.db.backup(backups, { flushBeforeBackup: flush })).id
    }
    await (flush ? this.#keeping(this.families, back) : back())
    await fileSystem.removeTree(path)
    if (this.#random.below(2) === 0) await verifyBackup(backups, { id, fileSystem })
    const logs = this.#random.below(3) === 0 ? { walDirectory: 'elsewhere' } : {}
    await restoreBackup(backups, path, { id, fileSystem, ...logs })
    await this.#compareCopy(path, logs)
    await destroyDb(path, { fileSystem, ...logs })
    if (this.#random.below(3) === 0) await deleteBackup(backups, id, { fileSystem })
    if (this.#random.below(3) === 0) await fileSystem.removeTree(backups)
  }

  async #compareCopy(path: string, options: Setup['db'] = {}): Promise<void> {
    const families = this.families.map(({ setup }) => setup)
    await using copy = await this.#openAt(path, families, { ...this.#copyOptions, ...options })
    for (const { handle, setup } of this.#families.values()) {
      const actual = readContent(copy, copy.columnFamily(setup.name), setup)
      this.#compare(actual, this.#contentOf(handle.id, setup), `${setup.name} of "${path}"`)
    }
  }

  /** A reader beside the database shows what is logged; one that follows, also what is written after it was opened. */
  async #reader(): Promise<void> {
    const families = this.families.filter(({ setup }) => setup.logged)
    const { walDirectory } = this.setup.db
    const { fileSystem, columnFamilies } = this.#options(this.families.map(({ setup }) => setup))
    const options = {
      fileSystem: fileSystem!,
      columnFamilies: columnFamilies!,
      ...(walDirectory === undefined ? {} : { walDirectory }),
    }
    const compare = (reader: DB): void => {
      for (const { handle, setup } of families) {
        const actual = readContent(reader, reader.columnFamily(setup.name), setup)
        this.#compare(actual, this.#contentOf(handle.id, setup), `${setup.name} of a reader`)
      }
    }
    await this.db.flushWal()
    if (this.#random.below(2) === 0) {
      // It does not follow: nobody may change the tables under it.
      await this.db.waitForCompactions()
      await using reader = await DB.openReadOnly(this.#path, options)
      return compare(reader)
    }
    await using secondary = await DB.openAsSecondary(this.#path, `${this.#path}-secondary`, options)
    compare(secondary)
    await this.#write()
    if (this.#random.below(2) === 0) await this.#flush()
    await this.db.flushWal()
    await secondary.tryCatchUpWithPrimary()
    compare(secondary)
  }

  /** A whole database is not changed by its repair. */
  async #repair(): Promise<void> {
    const families = this.families.map(({ setup }) => setup)
    await this.close()
    this.step = 'repair'
    this.wasRepaired = true
    const { walDirectory } = this.setup.db
    if (this.#random.below(3) === 0) {
      this.ledger.unnamed = true
      await this.#fileSystem.remove(`${this.#path}/CURRENT`)
      await this.#fileSystem.syncDirectory(this.#path)
    }
    const { damaged } = await repairDb(this.#path, {
      fileSystem: this.#fileSystem,
      columnFamilies: Object.fromEntries(families.map(({ name, options }) => [name, options])),
      ...(walDirectory === undefined ? {} : { walDirectory }),
    })
    if (damaged.length > 0)
      throw new CorruptionError(
        `repair finds damage: ${damaged.map(({ reason }) => reason).join('; ')}`,
      )
    await this.open(families)
    this.step = 'repair'
    this.ledger.keepAll()
    await this.check()
  }
}

function addTo(batch: WriteBatch, change: Change, cf: ColumnFamilyHandle): void {
  const key = bytesOf(change.key)
  switch (change.kind) {
    case 'put':
      batch.put(key, bytesOf(change.value), { cf })
      break
    case 'merge':
      batch.merge(key, bytesOf(change.value), { cf })
      break
    case 'delete':
      batch.delete(key, { cf })
      break
    case 'singleDelete':
      batch.singleDelete(key, { cf })
      break
    case 'deleteRange':
      batch.deleteRange(key, bytesOf(change.end), { cf })
      break
  }
}

/** Number of the last write that touched a family. */
function lastChange(timeline: Timeline, id: number): number {
  const contentAt = (n: number): Content | undefined => (timeline.states[n] as State).get(id)
  let n = timeline.last
  while (n > 0 && contentAt(n) === contentAt(n - 1)) n--
  return n
}

/** Waits for all; throws what the first of them that failed threw. */
async function firstFailure(outcomes: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(outcomes))
    if (outcome.status === 'rejected') throw outcome.reason
}
