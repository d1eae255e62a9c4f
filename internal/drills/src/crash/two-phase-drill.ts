import { createSeededRandom, type SeededRandom } from '@varve/base/testing'
import { TransactionDB, type DBOptions, type Transaction } from '@varve/lsm-core'
import { FaultInjectionFileSystem, MemoryFileSystem, type FileSystem } from '@varve/vfs'

import { sameContent, type Content } from '../history/content.ts'
import { databasePath } from '../history/live-history.ts'
import { Timeline, type State } from '../history/ledger.ts'
import { maybe } from '../history/setup.ts'
import { checkMoment } from './crash-point.ts'
import type { CrashDrillResult } from './crash-drill.ts'

/** What to try. */
export interface TwoPhaseDrillOptions {
  readonly points: number
  readonly seed: number
  readonly log: (line: string) => void
}

interface Point {
  readonly disk: MemoryFileSystem
  readonly loss: 'power' | 'process'
  readonly bounds: Pick<Timeline, 'states' | 'powerSafe' | 'deathSafe' | 'last'>
  readonly at: string
}

const stepsPerHistory = 60
const openMax = 3
const failuresMax = 10
const quiet = new Set(['read', 'open', 'lock', 'list', 'exists', 'stat', 'close'])

type Setup = Pick<
  DBOptions,
  'recycleLogFileNum' | 'trackAndVerifyWalsInManifest' | 'atomicFlush' | 'walDirectory'
>

function randomSetup(random: SeededRandom): Setup {
  return {
    ...maybe(random, 2, { recycleLogFileNum: 2 }),
    ...maybe(random, 3, { trackAndVerifyWalsInManifest: true }),
    ...maybe(random, 3, { atomicFlush: true }),
    ...maybe(random, 4, { walDirectory: 'logs' }),
  }
}

function optionsOf(fileSystem: FileSystem, setup: Setup): DBOptions {
  return {
    ...setup,
    createIfMissing: true,
    fileSystem,
    columnFamilies: {
      default: { writeBufferSizeBytes: 3000, level0FileNumCompactionTrigger: 2 },
      other: { writeBufferSizeBytes: 5000 },
    },
  }
}

/**
 * Transactions that are prepared, left alone for a while, then committed or rolled back, in a database that crashes before every change of
 * its disk. What is found must be a moment of the past: each transaction prepared, committed in both families, or not there; and
 * what is prepared can be committed after another opening, and stays.
 */
export async function runTwoPhaseDrill(options: TwoPhaseDrillOptions): Promise<CrashDrillResult> {
  const failures: string[] = []
  let points = 0
  let histories = 0
  while (points < options.points && failures.length < failuresMax) {
    const number = histories++
    const random = createSeededRandom(options.seed * 10_007 + number)
    const setup = randomSetup(random)
    for (const point of await collectPoints(random, setup)) {
      points++
      try {
        await check(point, setup)
      } catch (error) {
        const failure = `--seed ${options.seed}, history ${number}, ${point.at}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
        failures.push(failure)
        options.log(failure)
        if (failures.length >= failuresMax) break
      }
    }
  }
  return { points, secondPoints: 0, refused: 0, histories, failures }
}

/** Runs one history; returns the disk before every change of it. */
async function collectPoints(random: SeededRandom, setup: Setup): Promise<Point[]> {
  const disk = new MemoryFileSystem()
  const fileSystem = new FaultInjectionFileSystem(disk)
  const timeline = new Timeline(new Map())
  const points: Point[] = []
  const open: { readonly key: string; readonly transaction: Transaction }[] = []
  await using db = await TransactionDB.open(databasePath, optionsOf(fileSystem, setup))
  const other = db.columnFamily('other')
  fileSystem.observe((operation, path) => {
    if (quiet.has(operation)) return
    const { states, powerSafe, deathSafe, last } = timeline
    const isDeath = random.below(3) === 0
    const seed = random.below(1 << 30) + 1
    points.push({
      disk: isDeath
        ? disk.forkAfterProcessDeath()
        : disk.forkAfterPowerLoss(random.below(2) === 0 ? {} : { seed }),
      loss: isDeath ? 'process' : 'power',
      bounds: { states, powerSafe, deathSafe, last },
      at: `${isDeath ? 'process dies' : 'power goes'} before ${operation} of ${path}`,
    })
  })
  const change = async (
    key: string,
    state: 'prepared' | 'committed' | 'gone',
    work: (sync: boolean) => Promise<void>,
  ): Promise<void> => {
    const next = new Map(timeline.current.get(0))
    if (state === 'gone') next.delete(key)
    else next.set(key, state)
    const asked = timeline.ask(new Map([[0, next]]))
    // Often enough for logs to be made longer ahead of their end.
    const sync = random.below(3) > 0
    await work(sync)
    timeline.keep(asked, sync ? 'power' : 'process')
  }
  for (let n = 0; n < stepsPerHistory; n++) {
    const choice = random.below(10)
    if (choice === 0) {
      await db.flush()
    } else if (choice < 5 && open.length < openMax) {
      const key = `t${n}`
      const transaction = db.beginTransaction()
      transaction.setName(key)
      await transaction.put(key, 'x'.repeat(random.below(600)))
      await transaction.put(key, 'y'.repeat(random.below(600)), { cf: other })
      open.push({ key, transaction })
      await change(key, 'prepared', (sync) => transaction.prepare({ sync }))
    } else if (open.length > 0) {
      const [{ key, transaction }] = open.splice(random.below(open.length), 1) as [
        (typeof open)[number],
      ]
      // A rollback is logged without sync.
      if (random.below(3) > 0)
        await change(key, 'committed', (sync) => transaction.commit({ sync }))
      else {
        const next = new Map(timeline.current.get(0))
        next.delete(key)
        const asked = timeline.ask(new Map([[0, next]]))
        await transaction.rollback()
        timeline.keep(asked, 'process')
      }
    }
  }
  fileSystem.observe(undefined)
  return points
}

async function check({ disk, loss, bounds }: Point, setup: Setup): Promise<void> {
  let found: Content
  {
    await using db = await TransactionDB.open(databasePath, optionsOf(disk, setup))
    found = contentOf(db)
    checkMoment(new Map([[0, found]]) as State, bounds, loss, 'transactions')
  }
  // What is undecided is still so the next time, whatever the crash left of its log.
  {
    await using db = await TransactionDB.open(databasePath, optionsOf(disk, setup))
    const again = contentOf(db)
    if (!sameContent(again, found))
      throw new Error(`another opening shows ${text(again)} instead of ${text(found)}`)
    for (const transaction of db.getAllPreparedTransactions()) await transaction.commit()
  }
  await using db = await TransactionDB.open(databasePath, optionsOf(disk, setup))
  const after = contentOf(db)
  if (after.size !== found.size || [...after.values()].some((state) => state !== 'committed'))
    throw new Error(`committed after recovery, then lost: ${text(after)}`)
}

function text(content: Content): string {
  return JSON.stringify([...content])
}

/** How each transaction stands. @throws Error when it is in one family only, or both prepared and committed */
function contentOf(db: TransactionDB): Content {
  const content = new Map<string, string>()
  const decoder = new TextDecoder()
  const keysOf = (cf?: ReturnType<typeof db.columnFamily>): string[] => {
    const keys: string[] = []
    using cursor = db.cursor({ cf })
    for (cursor.seekToFirst(); cursor.valid; cursor.next()) keys.push(decoder.decode(cursor.key))
    return keys
  }
  const keys = keysOf()
  if (keys.join() !== keysOf(db.columnFamily('other')).join())
    throw new Error('a transaction is in one family only')
  for (const key of keys) content.set(key, 'committed')
  for (const { name } of db.getAllPreparedTransactions()) {
    if (content.has(name)) throw new Error(`transaction ${name} is committed and prepared`)
    content.set(name, 'prepared')
  }
  return content
}
