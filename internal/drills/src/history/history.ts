import type { SeededRandom } from '@varve/base/testing'
import {
  DB,
  restoreBackup,
  SstFileWriter,
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
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #steps: HistorySteps
  readonly #limits: SetupLimits
  readonly #families = new Map<number, LiveFamily>()
  #snapshots: { readonly snapshot: Snapshot; readonly states: ReadonlyMap<number, Content> }[] = []
  #db: DB | undefined
  #madeFamilies = 0
  #externals = 0
  /** The step under way, for messages. */
  step = 'open'

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
    for (const setup of families)
      if (!ledger.mustExist.has(setup.name)) ledger.mayExist.set(setup.name, setup)
    const db = await DB.open(this.#path, this.#options(families))
    this.#db = db
    ledger.opened = true
    this.#families.clear()
    for (const setup of families) this.#addFamily(setup, db.columnFamily(setup.name))
  }

  /** Goes on from what is open now, which `ledger` describes. */
  withLedger(ledger: Ledger): this {
    this.#ledger = ledger
    ledger.opened = true
    for (const { handle, setup } of this.#families.values()) this.#addFamily(setup, handle)
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

  #options(families: readonly FamilySetup[]): DBOptions {
    return {
      ...this.setup.db,
      createIfMissing: true,
      fileSystem: this.#fileSystem,
      columnFamilies: Object.fromEntries(families.map(({ name, options }) => [name, options])),
    }
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
    const options = { sync, disableWal: !logged }
    if (this.#random.below(2) === 0) this.db.writeSync(batch, options)
    else await this.db.write(batch, options)
    if (logged) timeline.keep(number, sync ? 'power' : 'process')
  }

  /** Writes that are asked for together, so that they share records and syncs. */
  async #burst(): Promise<void> {
    const outcomes = Array.from({ length: 2 + this.#random.below(5) }, async () => {
      const { timeline, batch, number, logged } = this.#randomBatch()
      const sync = logged && this.#random.below(4) === 0
      await this.db.write(batch, { sync, disableWal: !logged })
      if (logged) timeline.keep(number, sync ? 'power' : 'process')
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

  async #transaction(): Promise<void> {
    using transaction = this.db.beginTransaction({ optimistic: true })
    const families = this.families.filter(({ setup }) => setup.logged)
    const list = families.map((family) => {
      const content = this.#contentOf(family.handle.id, family.setup)
      const changes = this.changes
        .batch(family.setup, content, 1 + this.#random.below(3))
        .filter(({ kind }) => kind === 'put' || kind === 'delete' || kind === 'merge')
      return [family, changes] as const
    })
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
    this.ledger.main.keep(number, sync ? 'power' : 'process')
  }

  async #changeFamilies(): Promise<void> {
    const { ledger } = this
    const extra = this.families.filter(({ setup }) => setup.name !== 'default')
    if (extra.length < 3 && (extra.length === 0 || this.#random.below(2) === 0)) {
      const name = `made${++this.#madeFamilies}-${this.#random.below(1 << 30)}`
      const setup = randomFamily(this.#random, name, this.#limits)
      ledger.mayExist.set(name, setup)
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
    const back = async (): Promise<void> => {
      await this.db.backup(backups, { flushBeforeBackup: flush })
    }
    await (flush ? this.#keeping(this.families, back) : back())
    await fileSystem.removeTree(path)
    await restoreBackup(backups, path, { fileSystem })
    await this.#compareCopy(path)
    await fileSystem.removeTree(path)
    if (this.#random.below(3) === 0) await fileSystem.removeTree(backups)
  }

  async #compareCopy(path: string): Promise<void> {
    const families = this.families.map(({ setup }) => setup)
    await using copy = await DB.open(path, this.#options(families))
    for (const { handle, setup } of this.#families.values()) {
      const actual = readContent(copy, copy.columnFamily(setup.name), setup)
      this.#compare(actual, this.#contentOf(handle.id, setup), `${setup.name} of "${path}"`)
    }
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
