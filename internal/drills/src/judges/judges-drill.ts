import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createSeededRandom } from '@varve/base/testing'
import { nodeFileSystem } from '@varve/vfs'

import { readContent } from '../history/read-content.ts'
import { History } from '../history/history.ts'
import { allSteps } from '../history/steps/index.ts'
import { randomSetup, type Setup, type SetupLimits } from '../history/setup.ts'
import { judgeDatabase, type JudgedDatabase } from './judge-database.ts'
import type { Panel } from './panel.ts'

/** What to try. */
export interface JudgesDrillOptions {
  readonly databases: number
  readonly seed: number
  /** Only this database: a failure once more. */
  readonly only?: number | undefined
  readonly panel: Panel
  readonly log: (line: string) => void
}

const stepsMax = 160

/** Databases of random histories with random options, written to the disk and judged by RocksDB. */
export async function runJudgesDrill(
  options: JudgesDrillOptions,
): Promise<{ readonly judged: number; readonly failures: readonly string[] }> {
  const failures: string[] = []
  let judged = 0
  const first = options.only ?? 0
  const end = options.only === undefined ? options.databases : first + 1
  for (let number = first; number < end; number++) {
    const directory = mkdtempSync(join(tmpdir(), 'varve-judges-'))
    try {
      const database = await writeDatabase(join(directory, 'db'), options.seed * 10_007 + number)
      await judgeDatabase(database, options.panel, join(directory, 'scratch'))
    } catch (error) {
      const failure = `--seed ${options.seed} --only ${number}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
      failures.push(failure)
      options.log(failure)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
    judged++
  }
  return { judged, failures }
}

async function writeDatabase(directory: string, seed: number): Promise<JudgedDatabase> {
  const random = createSeededRandom(seed)
  const timed = random.below(6) === 0
  const newest = !timed && random.below(5) === 0
  const limits: SetupLimits = { noTimes: true, plain: true, formatVersionMax: newest ? 7 : 5 }
  const plain = randomSetup(random, limits)
  const setup: Setup = {
    db: { ...plain.db, background: random.pick(['inline', 'worker']) },
    families: plain.families.map((family) =>
      timed ? { ...family, options: { ...family.options, ttlSeconds: 0 } } : family,
    ),
  }
  const history = new History({
    fileSystem: nodeFileSystem,
    random,
    setup,
    path: directory,
    // Where all families have times, one made on the way would have none.
    steps: timed ? { ...allSteps, families: 0 } : allSteps,
    limits,
  })
  try {
    await history.open()
    for (let n = random.below(stepsMax); n >= 0; n--) await history.next()
    await history.check()
    const families = history.families.map(({ handle, setup: family }) => ({
      setup: family,
      content: readContent(history.db, handle, family),
    }))
    return { directory, families, timed, newest }
  } finally {
    await history.close()
  }
}
