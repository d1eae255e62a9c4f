import { ReadOnlyError } from '@varve/base'
import { createSeededRandom, type SeededRandom } from '@varve/base/testing'
import { DB } from '@varve/lsm-core'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'

import { checkMoment, reopen } from '../crash/crash-point.ts'
import type { Content } from '../history/content.ts'
import { History } from '../history/history.ts'
import { isTyped } from '../history/is-typed.ts'
import { databasePath } from '../history/live-history.ts'
import { readContent } from '../history/read-content.ts'
import { repairUnnamed } from '../history/repair-unnamed.ts'
import { randomSetup, type Setup } from '../history/setup.ts'
import type { HistorySteps } from '../history/steps/index.ts'
import type { CallSites } from './call-sites.ts'
import type { Call, PlannedFault } from './fault-plan.ts'

const steps: HistorySteps = {
  write: 12,
  burst: 3,
  rewrite: 0.3,
  syncs: 2,
  large: 0.5,
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
  spareLogs: 1,
  blobs: 0.5,
}
const historySteps = 30
const limits = { allLogged: true, checked: true }
/** What cleans up behind a failure comes right after it. */
const callsAfterFault = 12

/** A history that is to run, and again the same for each fault. */
interface FaultyHistory {
  readonly history: History
  readonly random: SeededRandom
  /** Damage in a log is taken for its end, and not told. */
  readonly isDamageTheEnd: boolean
}

function start(
  seed: number,
  fileSystem: FaultInjectionFileSystem,
  isDisturbed: () => boolean,
): FaultyHistory {
  const random = createSeededRandom(seed)
  // What skips the log is lost with every failure that needs a reopening: nothing could be said about it.
  const { db, ...rest } = randomSetup(random, limits)
  // Whatever is wrong with a log that was closed in peace is found; but then logs are neither made longer nor written over.
  const isDamageTheEnd = random.below(2) === 0
  const setup: Setup = {
    db: isDamageTheEnd ? db : { ...db, walRecoveryMode: 'absoluteConsistency' },
    ...rest,
  }
  const history = new History({ fileSystem, random, setup, steps, limits, isDisturbed })
  return { history, random, isDamageTheEnd }
}

/** The calls of a history that nothing disturbs. */
export async function callsOf(
  seed: number,
  sites: CallSites | undefined,
): Promise<{ readonly calls: readonly Call[]; readonly isDamageTheEnd: boolean }> {
  const calls: Call[] = []
  const fileSystem = new FaultInjectionFileSystem(new MemoryFileSystem())
  const { history, isDamageTheEnd } = start(seed, fileSystem, () => false)
  fileSystem.observe((operation, path) => {
    calls.push({ operation, path, step: history.step, place: sites?.see() })
  })
  await history.open()
  for (let n = 0; n < historySteps; n++) await history.next()
  await history.close()
  return { calls, isDamageTheEnd }
}

/** One run; returns whether the fault came to the surface. @throws Error when something is not as it must be */
export async function runWithFault(
  seed: number,
  planned: PlannedFault,
  call: Call,
  sites: CallSites | undefined,
): Promise<boolean> {
  const disk = new MemoryFileSystem()
  const fileSystem = new FaultInjectionFileSystem(disk)
  let hit = ''
  // What is under way when a run takes longer may come in another order than it did when the calls were counted.
  let hitCall = call
  let seen = 0
  const { history, random } = start(seed, fileSystem, () => hit !== '')
  fileSystem.failCall(planned.call, planned.fault, planned.persistent ? 1e9 : 1)
  fileSystem.observe((operation, path) => {
    const isFirst = fileSystem.calls === planned.call
    if (isFirst) {
      hit = `${operation} ${path}`
      hitCall = { operation, path, step: history.step, place: undefined }
    }
    if (hit === '' || sites === undefined || seen++ >= callsAfterFault) return
    const place = sites.see()
    if (isFirst || planned.persistent) sites.failed(place, planned.name)
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
  if (salvages(hitCall) || (leftTable.test(hit) && history.wasRepaired))
    await checkSalvaged(history, disk)
  else await checkReopened(history, disk, random, hitCall)
  return failure !== undefined
}

/** @throws what is not an error of the database */
function checkTyped(error: unknown): unknown {
  if (isTyped(error)) return error
  throw error
}

/** Repair puts aside what it cannot read: then something is lost, and it says so. */
function salvages({ operation, step }: Call): boolean {
  return step === 'repair' && (operation === 'read' || operation === 'open')
}

/** A table that nobody lists any more and that is still there: a repair takes it back in, with the family it was of. */
const leftTable = /^remove .*\.sst$/

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
  { step }: Call,
): Promise<void> {
  const bounds = history.ledger.bounds()
  const { changes } = history
  // A record that failed may be half there: that is no damage.
  const setup: Setup = {
    ...history.setup,
    db: { ...history.setup.db, walRecoveryMode: 'pointInTime' },
  }
  const options = { changes, steps, limits }
  const again = await reopen({ loss: 'process', bounds }, disk, setup, random, options)
  try {
    // What was cut short there is cleared away.
    if (step === 'backup') await again.take('backup')
    for (let n = 0; n < 3; n++) await again.next()
    await again.check()
    await again.db.verifyChecksum()
  } finally {
    await again.close()
  }
}
