import { createSeededRandom, type SeededRandom } from '@varve/base/testing'
import { concatBytes, isVarveError } from '@varve/base'
import { DB } from '@varve/lsm-core'
import { MemoryFileSystem } from '@varve/vfs'

import { differenceOf, emptyContent, sameContent, type Content } from '../history/content.ts'
import { History } from '../history/history.ts'
import { databasePath } from '../history/live-history.ts'
import type { HistorySteps } from '../history/steps/index.ts'
import { readContent } from '../history/read-content.ts'
import { randomSetup, type FamilySetup } from '../history/setup.ts'

/** What to try. */
export interface DamageDrillOptions {
  /** Damages to make, at least. */
  readonly damages: number
  readonly seed: number
  /** Only this database, and of it only this damage: a failure once more. */
  readonly database?: number | undefined
  readonly damage?: number | undefined
  readonly log: (line: string) => void
}

/** How damages of one kind of file ended. */
interface DamageCount {
  /** Found when opened or read. */
  found: number
  /** Found by `verifyChecksum` only. */
  foundByCheck: number
  /** The content is right all the same. */
  harmless: number
  /** The end of a log or a MANIFEST is gone at a place where it could have ended: no reader can tell. */
  shortened: number
}

/** What was tried. */
export interface DamageDrillResult {
  readonly damages: number
  readonly byFile: ReadonlyMap<string, DamageCount>
  /** Damages that nobody finds, by kind of file: of bytes without a checksum. */
  readonly silentPlaces: ReadonlyMap<string, readonly string[]>
  readonly failures: readonly string[]
}

const steps: HistorySteps = {
  write: 20,
  burst: 3,
  rewrite: 0.2,
  syncs: 1,
  large: 0,
  flush: 3,
  compact: 2,
  ingest: 2,
  transaction: 2,
  families: 1,
  reopen: 1,
  check: 0,
  snapshot: 0,
  checkpoint: 0,
  backup: 0,
  reader: 0,
  repair: 0,
  spareLogs: 0,
  blobs: 0,
}
const historySteps = 50
const damagesPerDatabase = 250
const failuresMax = 10

interface MadeDatabase {
  readonly disk: MemoryFileSystem
  readonly families: readonly FamilySetup[]
  /** What every moment of the past showed, by family; the last is the present. */
  readonly moments: readonly ReadonlyMap<string, Content>[]
}

/**
 * Databases of random histories whose files are damaged one at a time: bits flipped, bytes overwritten, sectors zeroed, ends cut off or
 * made up. Whatever is damaged: reading shows what was written, or fails with a typed error.
 */
export async function runDamageDrill(options: DamageDrillOptions): Promise<DamageDrillResult> {
  const byFile = new Map<string, DamageCount>()
  const silentPlaces = new Map<string, readonly string[]>()
  const failures: string[] = []
  let damages = 0
  const first = options.database ?? 0
  for (let number = first; damages < options.damages; number++) {
    const random = createSeededRandom(options.seed * 10_007 + number)
    const made = await makeDatabase(random)
    for (let n = 0; n < damagesPerDatabase && damages < options.damages; n++) {
      const own = createSeededRandom(random.below(1 << 30))
      if (options.damage !== undefined && options.damage !== n) continue
      damages++
      const disk = made.disk.forkAfterProcessDeath()
      const damage = await damageOneFile(disk, own)
      const { kind, what, cut } = damage
      try {
        const end = await judge(disk, made, damage)
        count(byFile, kind)[end]++
        if (end === 'harmless' && cut === 'none')
          silentPlaces.set(kind, [...(silentPlaces.get(kind) ?? []), what])
      } catch (error) {
        const failure = `--seed ${options.seed} --database ${number} --damage ${n} (${what}): ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
        failures.push(failure)
        options.log(failure)
      }
    }
    if (failures.length >= failuresMax || options.database !== undefined) break
  }
  return { damages, byFile, silentPlaces, failures }
}

function count(byFile: Map<string, DamageCount>, kind: string): DamageCount {
  let counts = byFile.get(kind)
  if (counts === undefined)
    byFile.set(kind, (counts = { found: 0, foundByCheck: 0, harmless: 0, shortened: 0 }))
  return counts
}

async function makeDatabase(random: SeededRandom): Promise<MadeDatabase> {
  const disk = new MemoryFileSystem()
  const limits = { allLogged: true, checked: true, plain: true }
  const setup = randomSetup(random, limits)
  const history = new History({ fileSystem: disk, random, setup, steps, limits })
  await history.open()
  for (let n = 0; n < historySteps; n++) await history.next()
  await history.writeOnce()
  await history.check()
  const names = new Map(history.families.map(({ handle }) => [handle.id, handle.name]))
  const moments = history.ledger.main.states.map(
    (state) => new Map([...names].map(([id, name]) => [name, state.get(id) ?? emptyContent])),
  )
  const families = history.families.map((family) => family.setup)
  await history.close()
  return { disk, families, moments }
}

interface Damage {
  /** Kind of file. */
  readonly kind: string
  readonly what: string
  /** A log that another one goes on from. */
  readonly isClosedLog: boolean
  readonly cut: Cut
}

/** How a file came to end early: not at all, by its length, or by zeros, which a log may end in. */
type Cut = 'none' | 'length' | 'zeros'

/** Kinds of files whose damage could matter. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/\.sst$/, 'table'],
  [/\.log$/, 'log'],
  [/^MANIFEST/, 'MANIFEST'],
  [/^CURRENT$/, 'CURRENT'],
  [/^OPTIONS-\d+$/, 'OPTIONS'],
  [/^IDENTITY$/, 'IDENTITY'],
]

async function damageOneFile(disk: MemoryFileSystem, random: SeededRandom): Promise<Damage> {
  const names = (await disk.list(databasePath)).filter((name) =>
    kinds.some(([pattern]) => pattern.test(name)),
  )
  // Kinds with many files must not take all turns.
  const kind = random.pick([
    'table',
    'table',
    'table',
    'log',
    'log',
    'MANIFEST',
    'CURRENT',
    'OPTIONS',
    'IDENTITY',
  ])
  const pattern = kinds.find(([, name]) => name === kind)![0]
  const candidates = names.filter((name) => pattern.test(name))
  const name = random.pick(candidates.length > 0 ? candidates : ['CURRENT'])
  const path = `${databasePath}/${name}`
  const before = disk.readFileSync(path)
  const [after, how, cut] = damaged(before, random)
  const isClosedLog = kind === 'log' && (await hasLaterLog(disk, name, candidates))
  const file = disk.openWritableSync(path)
  file.appendSync(after)
  file.closeSync()
  return {
    kind: candidates.length > 0 ? kind : 'CURRENT',
    what: `${how} of ${name}`,
    cut,
    isClosedLog,
  }
}

/** Whether another log that is not empty comes after the one called `name`. */
async function hasLaterLog(
  disk: MemoryFileSystem,
  name: string,
  logs: readonly string[],
): Promise<boolean> {
  for (const other of logs) {
    if (Number.parseInt(other, 10) <= Number.parseInt(name, 10)) continue
    if ((await disk.stat(`${databasePath}/${other}`)).sizeBytes > 0) return true
  }
  return false
}

function damaged(bytes: Uint8Array, random: SeededRandom): readonly [Uint8Array, string, Cut] {
  const { length } = bytes
  if (length === 0) return [random.bytes(20), 'noise instead of nothing', 'none']
  const at = random.below(length)
  const copy = new Uint8Array(bytes)
  switch (random.below(8)) {
    case 0:
      return [copy.slice(0, at), `a cut at byte ${at} of ${length}`, 'length']
    case 1: {
      const sector = at - (at % 512)
      copy.fill(0, sector, sector + 512)
      // Zeros up to the end are where a log ends. So are they in a log that was written over, when nothing whole of this log follows:
      // there, the log before may have left anything.
      return [
        copy,
        `zeros from byte ${sector} of ${length}`,
        sector + 512 >= Math.min(length, lastRecycledRecord(bytes)) ? 'zeros' : 'none',
      ]
    }
    case 2:
      copy.set(random.bytes(Math.min(16, length - at)), at)
      return [copy, `noise at byte ${at} of ${length}`, 'none']
    case 3:
      return [concatBytes(copy, random.bytes(1 + random.below(40))), 'noise behind the end', 'none']
    default:
      copy[at]! ^= 1 << random.below(8)
      return [copy, `a flipped bit in byte ${at} of ${length}`, 'none']
  }
}

/** Where the last record of a log that was written over begins; Infinity in other files. */
function lastRecycledRecord(bytes: Uint8Array): number {
  const recyclableTypes = [5, 6, 7, 8, 11, 131]
  const blockBytes = 32_768
  const headerBytes = 11
  let last = Number.POSITIVE_INFINITY
  for (let at = 0; at + headerBytes <= bytes.length;) {
    if (!recyclableTypes.includes(bytes[at + 6]!)) return last
    last = at
    at += headerBytes + bytes[at + 4]! + bytes[at + 5]! * 256
    const left = blockBytes - (at % blockBytes)
    if (left < headerBytes) at += left
  }
  return last
}

/** Opens and reads everything. @throws Error when something wrong is shown, or an error has no type */
async function judge(
  disk: MemoryFileSystem,
  { families, moments }: MadeDatabase,
  { kind, cut, isClosedLog }: Damage,
): Promise<keyof DamageCount> {
  let isRead = false
  try {
    await using db = await DB.openReadOnly(databasePath, {
      fileSystem: disk,
      walRecoveryMode: 'absoluteConsistency',
      columnFamilies: Object.fromEntries(families.map(({ name, options }) => [name, options])),
    })
    const contents = new Map(
      families.map((setup) => [setup.name, readContent(db, db.columnFamily(setup.name), setup)]),
    )
    isRead = true
    const present = moments.at(-1)!
    const wrong = families.find(({ name }) => !sameContent(contents.get(name)!, present.get(name)!))
    if (wrong !== undefined) {
      const isPast = moments.some((moment) =>
        families.every(({ name }) => sameContent(contents.get(name)!, moment.get(name)!)),
      )
      // Of a MANIFEST that ends early nobody can tell what it had: tables it does not list are as if they had never been.
      // Nor of a log that others go on from, when it ends between two records: the format counts nothing across logs.
      const isUntold = isPast || kind === 'MANIFEST' || (isClosedLog && cut === 'length')
      if (cut !== 'none' && isUntold) return 'shortened'
      throw new Error(
        `family "${wrong.name}": ${differenceOf(contents.get(wrong.name)!, present.get(wrong.name)!)}`,
      )
    }
    await db.verifyChecksum()
    return 'harmless'
  } catch (error) {
    if (!isVarveError(error) || error.code === 'VARVE_ASSERTION') throw error
    return isRead ? 'foundByCheck' : 'found'
  }
}
