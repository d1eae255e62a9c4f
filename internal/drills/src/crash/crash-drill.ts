import { CorruptionError } from '@varve/base'
import { createSeededRandom, type SeededRandom } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem, type FileOperation } from '@varve/vfs'

import { History } from '../history/history.ts'
import { databasePath } from '../history/live-history.ts'
import type { HistorySteps } from '../history/steps/index.ts'
import type { Bounds, TimelineBounds } from '../history/ledger.ts'
import { randomSetup } from '../history/setup.ts'
import { reopen, type CrashPoint } from './crash-point.ts'

/** What to try. */
export interface CrashDrillOptions {
  /** Crashes to check, at least. */
  readonly points: number
  readonly seed: number
  /** Only this history, and of it only this point: a failure once more. */
  readonly history?: number | undefined
  readonly point?: number | undefined
  /** Ends after so many seconds, in the middle of a history: some take a hundred times as long as others. Default: it does not. */
  readonly maxSeconds?: number
  readonly log: (line: string) => void
}

/** Crashes that were checked. */
export interface CrashDrillResult {
  readonly points: number
  readonly secondPoints: number
  /** Disks that refuse to open: sectors of one record of the MANIFEST were written out of order. */
  readonly refused: number
  readonly histories: number
  readonly failures: readonly string[]
}

const steps: HistorySteps = {
  write: 20,
  burst: 6,
  rewrite: 0.3,
  syncs: 2,
  large: 0.2,
  flush: 3,
  compact: 2,
  ingest: 2,
  transaction: 3,
  families: 2,
  reopen: 1,
  check: 1,
  snapshot: 1,
  checkpoint: 0.2,
  backup: 0.2,
  reader: 0.2,
  repair: 0.5,
  spareLogs: 0.2,
  blobs: 0,
}
const shortSteps: HistorySteps = { ...steps, families: 4, reopen: 2, checkpoint: 0, backup: 0 }

/** Calls that change nothing on the disk: nothing lies between one of them and the call before. */
const harmless: ReadonlySet<FileOperation> = new Set([
  'read',
  'list',
  'exists',
  'stat',
  'lock',
  'close',
])

const historySteps = 70
const failuresMax = 10

/**
 * Histories on a disk in memory that is forked before every call that changes it, as a crash there would leave it: the power goes, with
 * nothing, a part or a reordered part of what was not synced surviving, or the process dies. Every fork is opened, must show a
 * moment of the past that loses nothing promised, goes on with a short history, and crashes once more on the way.
 */
export async function runCrashDrill(options: CrashDrillOptions): Promise<CrashDrillResult> {
  const failures: string[] = []
  let points = 0
  let secondPoints = 0
  let refused = 0
  let histories = 0
  const first = options.history ?? 0
  const end = performance.now() + (options.maxSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const isOver = (): boolean => performance.now() > end
  for (let number = first; points < options.points || number === first; number++) {
    const name = `--seed ${options.seed} --history ${number}`
    const report = (failure: string): void => {
      failures.push(`${name} ${failure}`)
      options.log(`${name} ${failure}`)
    }
    const random = createSeededRandom(options.seed * 10_007 + number)
    histories++
    await crashOneHistory(random, options.point, isOver, report, (what) => {
      if (what === 'second') secondPoints++
      else if (what === 'refused') refused++
      else points++
    })
    if (failures.length >= failuresMax || options.history !== undefined || isOver()) break
    options.log(`${points} points of ${histories} histories`)
  }
  return { points, secondPoints, refused, histories, failures }
}

/** Runs a history once and crashes it everywhere. */
async function crashOneHistory(
  random: SeededRandom,
  onlyPoint: number | undefined,
  isOver: () => boolean,
  report: (failure: string) => void,
  count: (what: 'point' | 'second' | 'refused') => void,
): Promise<void> {
  const setup = randomSetup(random)
  const disk = new MemoryFileSystem()
  const fileSystem = new FaultInjectionFileSystem(disk)
  const history = new History({ fileSystem, random, setup, steps })
  /** Points that wait for the history to reach the end of a step. */
  let waiting: (() => Promise<void>)[] = []
  let calls = 0
  const crashRandom = createSeededRandom(random.below(1 << 30))
  fileSystem.observe((operation, path) => {
    if (harmless.has(operation)) return
    const number = calls++
    const point = crashAt(disk, history.ledger.bounds(), crashRandom, `${operation} of ${path}`)
    const own = createSeededRandom(crashRandom.below(1 << 30))
    if (onlyPoint !== undefined && onlyPoint !== number) return
    waiting.push(async () => {
      count('point')
      try {
        if (await checkPoint(point, history, own)) count('second')
      } catch (error) {
        if (isTornManifest(error)) return count('refused')
        report(`--point ${number} (${point.at} in "${history.step}"): ${text(error)}`)
      }
    })
  })
  const judgeWaiting = async (): Promise<void> => {
    const points = waiting
    waiting = []
    for (const judge of points) if (!isOver()) await judge()
  }
  try {
    await history.open()
    for (let n = 0; n < historySteps && !isOver(); n++) {
      await history.next()
      await judgeWaiting()
    }
    await history.check()
    await history.close()
    await judgeWaiting()
  } catch (error) {
    report(`the history itself, in "${history.step}": ${text(error)}`)
    await history.close().catch(() => undefined)
  }
}

/**
 * Of a record whose sectors reached the disk out of order, something is there and something is not: that looks like damage, and is
 * refused as such, by a name. It takes a loss of power between the write of a MANIFEST and its sync.
 */
function isTornManifest(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const cause = error.cause ?? error
  return (
    error.message.includes('reordered') &&
    cause instanceof CorruptionError &&
    cause.file?.includes('MANIFEST') === true
  )
}

/** What a crash of a random kind leaves right now. */
function crashAt(
  disk: MemoryFileSystem,
  bounds: Bounds,
  random: SeededRandom,
  before: string,
): CrashPoint {
  const seed = random.below(1 << 30) + 1
  switch (random.below(4)) {
    case 0:
      return {
        disk: disk.forkAfterProcessDeath(),
        loss: 'process',
        bounds,
        at: `process dies before ${before}`,
      }
    case 1:
      return {
        disk: disk.forkAfterPowerLoss(),
        loss: 'power',
        bounds,
        at: `power goes before ${before}, all unsynced lost`,
      }
    case 2:
      return {
        disk: disk.forkAfterPowerLoss({ seed }),
        loss: 'power',
        bounds,
        at: `power goes before ${before}, torn`,
      }
    default:
      return {
        disk: disk.forkAfterPowerLoss({ seed, reordered: true }),
        loss: 'power',
        bounds,
        at: `power goes before ${before}, torn and reordered`,
      }
  }
}

/** Checks one point, and a second crash while the database recovers or goes on; returns whether there was one. */
async function checkPoint(
  point: CrashPoint,
  history: History,
  random: SeededRandom,
): Promise<boolean> {
  const fileSystem = new FaultInjectionFileSystem(point.disk)
  let second: CrashPoint | undefined
  let left = random.below(60)
  let recovered: History | undefined
  fileSystem.observe((operation, path) => {
    if (harmless.has(operation) || left-- !== 0) return
    // Until it is open, what the first crash allowed still holds; of a process that died, the power may take more.
    const bounds = recovered?.ledger.bounds() ?? boundsAfter(point)
    second = crashAt(point.disk, bounds, random, `${operation} of ${path}`)
  })
  const { setup } = history
  const changes = history.changes.fork(random)
  try {
    recovered = await reopen(point, fileSystem, setup, random, { changes, steps: shortSteps })
  } catch (error) {
    throw new Error(`${point.at}: ${text(error)}`, { cause: error })
  }
  try {
    for (let n = 0; n < 4; n++) await recovered.next()
    await recovered.check()
  } finally {
    await recovered.close()
  }
  if (second === undefined) return false
  await checkLast(second, setup, random, changes)
  return true
}

/** What a loss of power took is gone for the death of a process, too. */
function boundsAfter({ bounds, loss }: CrashPoint): Bounds {
  if (loss === 'process') return bounds
  const lowered = (timeline: TimelineBounds): TimelineBounds => ({
    ...timeline,
    deathSafe: timeline.powerSafe,
  })
  return {
    ...bounds,
    main: lowered(bounds.main),
    unlogged: new Map([...bounds.unlogged].map(([id, timeline]) => [id, lowered(timeline)])),
  }
}

async function checkLast(
  second: CrashPoint,
  setup: History['setup'],
  random: SeededRandom,
  changes: History['changes'],
): Promise<void> {
  try {
    const history = await reopen(second, second.disk, setup, random, { changes, steps: shortSteps })
    try {
      await history.next()
      await history.check()
      await history.db.verifyChecksum()
    } finally {
      await history.close()
    }
    await checkLeftovers(second.disk)
  } catch (error) {
    throw new Error(`after a second crash, ${second.at}: ${text(error)}`, { cause: error })
  }
}

/** Crashes must not fill the disk: what is left of them goes at the next opening. */
async function checkLeftovers(disk: MemoryFileSystem): Promise<void> {
  const names = await disk.list(databasePath)
  const stray = names.filter((name) => name.endsWith('.tmp') || name.endsWith('.dbtmp'))
  if (stray.length > 0) throw new Error(`left behind: ${stray.join(', ')}`)
}

function text(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
