import { DB } from '@varve/lsm-core'
import { isNotFound, type MemoryFileSystem } from '@varve/vfs'

import { differenceOf, emptyContent, sameContent, type Content } from '../history/content.ts'
import { History, type HistoryOptions } from '../history/history.ts'
import { databasePath } from '../history/live-history.ts'
import { Ledger, type Bounds, type State, type TimelineBounds } from '../history/ledger.ts'
import { readContent } from '../history/read-content.ts'
import { repairUnnamed } from '../history/repair-unnamed.ts'
import type { FamilySetup, Setup } from '../history/setup.ts'
import type { SeededRandom } from '@varve/base/testing'
import type { FileSystem } from '@varve/vfs'

/** A disk as a crash leaves it, and what may be found on it. */
export interface CrashPoint {
  readonly disk: MemoryFileSystem
  /** What the crash was, and before which call. */
  readonly at: string
  readonly loss: 'power' | 'process'
  readonly bounds: Bounds
}

/**
 * Opens what a crash left.
 *
 * @returns a history that goes on from what was found
 * @throws Error when there is anything else than a moment of the past that the bounds allow
 */
export async function reopen(
  point: Pick<CrashPoint, 'loss' | 'bounds'>,
  fileSystem: FileSystem,
  setup: Setup,
  random: SeededRandom,
  options: Pick<HistoryOptions, 'changes' | 'steps' | 'limits'>,
): Promise<History> {
  const { bounds, loss } = point
  if (bounds.unnamed) {
    const known = [...bounds.mustExist.values(), ...bounds.mayExist.values()]
    await repairUnnamed(fileSystem, databasePath, setup, known)
  }
  const families = await familiesOf(fileSystem, bounds)
  const probe = new Ledger()
  const history = new History({ ...options, fileSystem, random, setup, ledger: probe })
  await history.open(families)
  try {
    const contents = new Map<number, Content>()
    for (const { handle, setup: family } of history.families)
      contents.set(handle.id, readContent(history.db, handle, family))
    const logged = new Map(
      history.families
        .filter(({ setup: family }) => family.logged)
        .map(({ handle }) => [handle.id, contents.get(handle.id)!]),
    )
    checkMoment(logged, bounds.main, loss, 'families that log')
    const unlogged = new Map<number, State>()
    for (const { handle, setup: family } of history.families) {
      if (family.logged) continue
      const own = new Map([[handle.id, contents.get(handle.id)!]])
      const timeline = bounds.unlogged.get(handle.id)
      checkMoment(own, timeline ?? nothingYet, loss, `family "${handle.name}", which does not log`)
      unlogged.set(handle.id, own)
    }
    return history.withLedger(new Ledger(logged, unlogged))
  } catch (error) {
    await history.db.close()
    throw error
  }
}

const nothingYet: TimelineBounds = { states: [new Map()], powerSafe: 0, deathSafe: 0, last: 0 }

/** Families that are there, checked against those that must and may be. */
async function familiesOf(fileSystem: FileSystem, bounds: Bounds): Promise<FamilySetup[]> {
  let names: string[]
  try {
    names = await DB.listColumnFamilies(databasePath, { fileSystem })
  } catch (error) {
    // Opening for the first time was cut short: it begins again.
    if (bounds.opened || !isMissing(error)) throw error
    return [...bounds.mayExist.values()]
  }
  for (const name of bounds.mustExist.keys())
    if (!names.includes(name)) throw new Error(`family "${name}" is lost`)
  return names.map((name) => {
    const setup = bounds.mustExist.get(name) ?? bounds.mayExist.get(name)
    if (setup === undefined) throw new Error(`family "${name}" is back`)
    return setup
  })
}

function isMissing(error: unknown): boolean {
  return isNotFound(error) || (error as { code?: string }).code === 'VARVE_NOT_FOUND'
}

/** The contents are those of one moment within the bounds, the same for all families; returns its number, the last if several show the same. */
export function checkMoment(
  contents: State,
  { states, powerSafe, deathSafe, last }: TimelineBounds,
  loss: 'power' | 'process',
  what: string,
): number {
  const from = loss === 'power' ? powerSafe : deathSafe
  const isAt = (n: number): boolean => isMoment(contents, states[n]!)
  for (let n = last; n >= from; n--) if (isAt(n)) return n
  for (let n = from - 1; n >= 0; n--)
    if (isAt(n))
      throw new Error(`${what} lost writes: all after ${n} are gone, ${from} were acknowledged`)
  const mixed = [...contents].map(([id, content]) => {
    const moments = Array.from({ length: last + 1 }, (_, n) => n).filter((n) =>
      sameContent(content, states[n]!.get(id) ?? emptyContent),
    )
    return `family ${id} is at ${moments.length === 0 ? `no moment, against ${last}: ${differenceOf(content, states[last]!.get(id) ?? emptyContent)}` : moments.join(', ')}`
  })
  throw new Error(
    `${what} show no moment of the past (${from} to ${last} allowed): ${mixed.join('; ')}`,
  )
}

function isMoment(contents: State, state: State): boolean {
  for (const [id, content] of contents)
    if (!sameContent(content, state.get(id) ?? emptyContent)) return false
  return true
}
