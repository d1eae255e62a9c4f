import { isVarveError, ReadOnlyError } from '@varve/base'
import { createSeededRandom, type SeededRandom } from '@varve/base/testing'
import { DB } from '@varve/lsm-core'
import {
  FaultInjectionFileSystem,
  MemoryFileSystem,
  type CallFault,
  type FileOperation,
} from '@varve/vfs'

import { checkMoment, reopen } from '../crash/crash-point.ts'
import type { Content } from '../history/content.ts'
import { databasePath, History, type HistorySteps } from '../history/history.ts'
import { readContent } from '../history/read-content.ts'
import { repairUnnamed } from '../history/repair-unnamed.ts'
import { randomSetup, type Setup } from '../history/setup.ts'
import type { CallSites } from './call-sites.ts'

/** What to try. */
export interface FaultDrillOptions {
  /** Histories, each of which runs once for every call it makes and fault that the call can have. */
  readonly histories: number
  readonly seed: number
  /** Faults to try at most: of more, a random part. Default: all. */
  readonly faultsMax?: number | undefined
  /** Only this history, and of it only this call and fault: a failure once more. */
  readonly history?: number | undefined
  readonly call?: number | undefined
  readonly fault?: string | undefined
  /** Learns which places of the engine the calls came from. */
  readonly sites?: CallSites | undefined
  readonly log: (line: string) => void
}

/** What was tried. */
export interface FaultDrillResult {
  readonly runs: number
  /** Runs in which the fault came to the surface, by what it was. */
  readonly surfaced: number
  readonly callSites: ReadonlyMap<FileOperation, number>
  readonly failures: readonly string[]
}

const steps: HistorySteps = {
  write: 12,
  burst: 3,
  flush: 3,
  compact: 2,
  ingest: 3,
  transaction: 3,
  families: 2,
  reopen: 3,
  check: 3,
  snapshot: 1,
  checkpoint: 1,
  backup: 2,
  reader: 3,
  repair: 2,
}
const historySteps = 30
/** A run takes milliseconds: one that takes so long waits for something that does not come. */
const hangMs = 20_000
const failuresMax = 10

const errors: readonly CallFault[] = [{ error: 'EIO' }]
const faultsOf: Partial<Record<FileOperation, readonly CallFault[]>> = {
  append: [{ error: 'EIO' }, { error: 'ENOSPC' }, { error: 'ENOSPC', shortWrite: true }],
  read: [{ error: 'EIO' }, { flipBit: 12_345 }, { flipBit: 77 }],
  open: [{ error: 'EIO' }, { error: 'ENOSPC' }],
}

interface PlannedFault {
  readonly call: number
  readonly fault: CallFault
  /** The disk stays broken from there on. */
  readonly persistent: boolean
  readonly name: string
}

/**
 * Runs a history, counts the calls to the file system, then runs it again for every call and every way the call can go wrong, once
 * and for good. Whatever fails: an answer is right or a typed error, nothing hangs, writes are refused with the reason once the
 * log or the MANIFEST is in doubt, and after the fault is over the database opens and has all that was acknowledged.
 */
export async function runFaultDrill(options: FaultDrillOptions): Promise<FaultDrillResult> {
  const failures: string[] = []
  const callSites = new Map<FileOperation, number>()
  let runs = 0
  let surfaced = 0
  const first = options.history ?? 0
  const end = options.history === undefined ? options.histories : first + 1
  for (let number = first; number < end && failures.length < failuresMax; number++) {
    const seed = options.seed * 10_007 + number
    const calls = await callsOf(seed, options.sites)
    for (const { operation } of calls) callSites.set(operation, (callSites.get(operation) ?? 0) + 1)
    for (const planned of plan(calls, options, createSeededRandom(seed))) {
      runs++
      const where = `--seed ${options.seed} --history ${number} --call ${planned.call} --fault ${planned.name}`
      try {
        const isSalvage = salvages(calls[planned.call]!)
        if (await withTimeLimit(runWithFault(seed, planned, isSalvage, options.sites))) surfaced++
      } catch (error) {
        const failure = `${where} (${calls[planned.call]!.operation} in "${calls[planned.call]!.step}"): ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
        failures.push(failure)
        options.log(failure)
        if (failures.length >= failuresMax) break
      }
    }
  }
  return { runs, surfaced, callSites, failures }
}

interface Call {
  readonly operation: FileOperation
  /** Step of the history that made it. */
  readonly step: string
}

/** The calls of a history that nothing disturbs. */
async function callsOf(seed: number, sites: CallSites | undefined): Promise<Call[]> {
  const calls: Call[] = []
  const fileSystem = new FaultInjectionFileSystem(new MemoryFileSystem())
  const { history } = start(seed, fileSystem)
  fileSystem.observe((operation) => {
    calls.push({ operation, step: history.step })
    sites?.see()
  })
  await history.open()
  for (let n = 0; n < historySteps; n++) await history.next()
  await history.close()
  return calls
}

/** Repair puts aside what it cannot read: then something is lost, and it says so. */
function salvages({ operation, step }: Call): boolean {
  return step === 'repair' && (operation === 'read' || operation === 'open')
}

function start(
  seed: number,
  fileSystem: FaultInjectionFileSystem,
): { readonly history: History; readonly random: SeededRandom } {
  const random = createSeededRandom(seed)
  // What skips the log is lost with every failure that needs a reopening: nothing could be said about it.
  const limits = { allLogged: true, checked: true }
  const { db, families } = randomSetup(random, limits)
  // Whatever is wrong with a log that was closed in peace is found.
  const setup: Setup = { db: { ...db, walRecoveryMode: 'absoluteConsistency' }, families }
  return { history: new History({ fileSystem, random, setup, steps, limits }), random }
}

function plan(
  calls: readonly Call[],
  options: FaultDrillOptions,
  random: SeededRandom,
): PlannedFault[] {
  const all: PlannedFault[] = []
  for (const [call, { operation }] of calls.entries()) {
    for (const fault of faultsOf[operation] ?? errors) {
      for (const persistent of 'flipBit' in fault ? [false] : [false, true])
        all.push({ call, fault, persistent, name: nameOf(fault, persistent) })
    }
  }
  const { call, fault, faultsMax = all.length } = options
  if (call !== undefined)
    return all.filter((one) => one.call === call && (fault === undefined || one.name === fault))
  if (faultsMax >= all.length) return all
  return Array.from({ length: faultsMax }, () => random.pick(all))
}

function nameOf(fault: CallFault, persistent: boolean): string {
  if ('flipBit' in fault) return `flip-${fault.flipBit}`
  return `${fault.error}${fault.shortWrite === true ? '-short' : ''}${persistent ? '-for-good' : ''}`
}

async function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('hangs')), hangMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** One run; returns whether the fault came to the surface. */
async function runWithFault(
  seed: number,
  planned: PlannedFault,
  isSalvage: boolean,
  sites: CallSites | undefined,
): Promise<boolean> {
  const disk = new MemoryFileSystem()
  const fileSystem = new FaultInjectionFileSystem(disk)
  const { history, random } = start(seed, fileSystem)
  fileSystem.failCall(planned.call, planned.fault, planned.persistent ? 1e9 : 1)
  let hit = ''
  let seen = 0
  fileSystem.observe((operation, path) => {
    if (fileSystem.calls === planned.call) hit = `${operation} ${path}`
    // What cleans up behind a failure comes right after it.
    if (hit !== '' && seen++ < 12) sites?.see()
  })
  let failure: unknown
  try {
    await history.open()
    for (let n = 0; n < historySteps; n++) await history.next()
  } catch (error) {
    failure = checkTyped(error)
  }
  if (failure !== undefined) await goOnAfter(history, planned, hit)
  await history.close().catch(checkTyped)
  fileSystem.clearFaults()
  if (isSalvage || (leftTable.test(hit) && history.wasRepaired)) {
    await checkSalvaged(history, disk)
    return failure !== undefined
  }
  await checkReopened(history, disk, random)
  return failure !== undefined
}

/** Errors of the database have a type; others are our own, that something is wrong, or a mistake of the program. */
function checkTyped(error: unknown): unknown {
  if (isTyped(error)) return error
  throw error
}

function isTyped(error: unknown): boolean {
  // A file that fails and then fails to close makes one error of both.
  if (error instanceof SuppressedError) return isTyped(error.error) && isTyped(error.suppressed)
  return isVarveError(error) && error.code !== 'VARVE_ASSERTION'
}

/** After a repair that could not read something the database opens and is in itself whole. */
async function checkSalvaged(history: History, disk: MemoryFileSystem): Promise<void> {
  await repairUnnamed(disk, databasePath, history.setup, history.known.values())
  // One that was dropped may be back with the tables that nobody had removed.
  const names = await DB.listColumnFamilies(databasePath, { fileSystem: disk })
  const { known } = history
  await history.withFileSystem(disk).open(
    names.map((name) => {
      // A repair that finds no name calls a family by its number.
      const byNumber = known.get(name.replace('family ', 'family')) ?? known.get('default')!
      return (
        known.get(name) ?? { ...byNumber, name, options: { ...byNumber.options, numLevels: 7 } }
      )
    }),
  )
  try {
    for (const { handle, setup } of history.families) readContent(history.db, handle, setup)
    await history.db.verifyChecksum()
  } finally {
    await history.close()
  }
}

/** A table that nobody lists any more and that is still there: a repair takes it back in, with the family it was of. */
const leftTable = /^remove .*\.sst$/

/** Writes of which half may be on the disk: nothing may be written behind them. */
const doubtful = /^(?:append|sync) \/db\/(?:(?:logs\/)?\d+\.log|MANIFEST-.*)$/

/** After a failure: reads are right or fail, and writes go on as if nothing was, or are refused with the reason. */
async function goOnAfter(history: History, planned: PlannedFault, hit: string): Promise<void> {
  const { ledger } = history
  if (!history.isOpen) return
  const failedIn = history.step
  for (let round = 0; round < 3; round++) {
    let contents: Map<number, Content>
    try {
      contents = new Map(
        history.families
          // One whose end was asked for may be gone.
          .filter(({ setup }) => ledger.mustExist.has(setup.name))
          .map(({ handle, setup }) => [handle.id, readContent(history.db, handle, setup)]),
      )
    } catch (error) {
      checkTyped(error)
      if (!planned.persistent && round === 2) throw error
      continue
    }
    const what = `families after a failure in "${failedIn}"`
    const seen = checkMoment(contents, ledger.bounds().main, 'process', what)
    // What the reader does not see has not happened, if the database takes writes. If it does not, the next opening decides.
    const inDoubt = ledger.main.states.slice(seen + 1)
    ledger.main.forgetAfter(seen)
    let refusal: unknown
    try {
      await history.writeOnce()
    } catch (error) {
      refusal = checkTyped(error)
      // It is in doubt, too: a log that is kept in memory fails when it is synced, and then the write can be seen already.
      const refused = ledger.main.states.slice(seen + 1)
      ledger.main.forgetAfter(seen)
      for (const state of [...inDoubt, ...refused]) ledger.main.ask(state)
    }
    if (doubtful.test(hit) && !(refusal instanceof ReadOnlyError && refusal.cause !== undefined))
      throw new Error(`writes go on after a failed "${hit}": ${String(refusal)}`)
  }
}

/** The fault is over: the database opens, and has what was acknowledged. */
async function checkReopened(
  history: History,
  disk: MemoryFileSystem,
  random: SeededRandom,
): Promise<void> {
  const bounds = history.ledger.bounds()
  const { changes } = history
  // A record that failed may be half there: that is no damage.
  const setup: Setup = {
    ...history.setup,
    db: { ...history.setup.db, walRecoveryMode: 'pointInTime' },
  }
  const again = await reopen({ loss: 'process', bounds }, disk, setup, random, {
    changes,
    steps,
    limits: { allLogged: true, checked: true },
  })
  try {
    for (let n = 0; n < 3; n++) await again.next()
    await again.check()
    await again.db.verifyChecksum()
  } finally {
    await again.close()
  }
}
