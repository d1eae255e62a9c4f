import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createSeededRandom } from '@varve/base/testing'
import { MemoryFileSystem, nodeFileSystem, type FileSystem } from '@varve/vfs'

import { History } from '../history/history.ts'
import { allSteps, type HistorySteps } from '../history/steps/index.ts'
import { randomSetup, type Setup } from '../history/setup.ts'

/** What to try. */
export interface ModelDrillOptions {
  readonly histories: number
  readonly seed: number
  /** Only this history: a failure once more. */
  readonly only?: number | undefined
  readonly log: (line: string) => void
}

const steps: HistorySteps = {
  ...allSteps,
  check: 12,
  rewrite: 2,
  snapshot: 6,
  reopen: 2,
  checkpoint: 0.5,
  backup: 0.5,
  reader: 1,
  repair: 0.5,
}
const historySteps = 120

/**
 * Random histories under random options, compared with a map at every turn: contents, snapshots, cursors with bounds in both
 * directions, checkpoints and backups. Every third runs on the host's disk with flushes and compactions in threads.
 */
export async function runModelDrill(
  options: ModelDrillOptions,
): Promise<{ readonly histories: number; readonly failures: readonly string[] }> {
  const failures: string[] = []
  const first = options.only ?? 0
  const end = options.only === undefined ? options.histories : first + 1
  for (let number = first; number < end; number++) {
    const onDisk = number % 3 === 2
    const directory = onDisk ? mkdtempSync(join(tmpdir(), 'varve-model-')) : '/'
    try {
      await runOne(
        options.seed * 10_007 + number,
        onDisk ? nodeFileSystem : new MemoryFileSystem(),
        join(directory, 'db'),
      )
    } catch (error) {
      const failure = `--seed ${options.seed} --only ${number}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
      failures.push(failure)
      options.log(failure)
    } finally {
      if (onDisk) rmSync(directory, { recursive: true, force: true })
    }
  }
  return { histories: end - first, failures }
}

async function runOne(seed: number, fileSystem: FileSystem, path: string): Promise<void> {
  const random = createSeededRandom(seed)
  const setup: Setup = randomSetup(random)
  const history = new History({ fileSystem, random, setup, path, steps })
  try {
    await history.open()
    for (let n = 0; n < historySteps; n++) await history.next()
    await history.check()
    await history.db.verifyChecksum()
  } finally {
    await history.close()
  }
}
