import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createSeededRandom } from '@varve/base/testing'

import { startChild } from '../child-process.ts'
import type { DrillOptions, DrillResult } from '../options.ts'

const LIFE_MS_MAX = 250
const LOG_EVERY = 20

const modes = ['buffered', 'sync', 'transactions'] as const

/**
 * A process writes over two column families, in turn without `sync`, with it, and in transactions of one and two phases, and is
 * killed at a random moment. The next one must find every acknowledged write, at most one more (the one in flight), each in
 * both families, and nothing else; what was prepared it can commit. A third family skips the log: of it all that was flushed is there.
 */
export async function runWriterDrill(options: DrillOptions): Promise<DrillResult> {
  const directory = mkdtempSync(join(tmpdir(), 'varve-writer-drill-'))
  const random = createSeededRandom(options.seed)
  let acknowledged = 0
  let flushed = 0
  let passed = 0
  let failed = 0
  try {
    for (let cycle = 1; cycle <= options.cycles; cycle++) {
      const mode = modes[cycle % modes.length]!
      const before = acknowledged
      let verdict: string | undefined
      let found: () => void
      const opened = new Promise<void>((resolve) => (found = resolve))
      const child = startChild(
        new URL('./writer-child.ts', import.meta.url),
        [directory, mode],
        (line) => {
          const [word, count] = line.split(' ')
          if (word === 'found') {
            const n = Number(count)
            if (n < before) verdict = `${before - n} acknowledged writes lost`
            else if (n > before + 1) verdict = `${n - before - 1} writes invented`
            acknowledged = n
            found()
          } else if (word === 'done' || word === 'prepared') acknowledged = Number(count) + 1
          else if (word === 'flushed') flushed = Number(count)
          else if (word === 'loose') {
            if (Number(count) < flushed)
              verdict = `${flushed - Number(count)} flushed writes without log lost`
            flushed = Number(count)
          } else verdict = line
        },
      )
      const early = await Promise.race([opened.then(() => undefined), child.ended])
      if (early !== undefined) verdict ??= `the writer ended with ${early}`
      else {
        await new Promise((resolve) => setTimeout(resolve, random.next() * LIFE_MS_MAX))
        await child.kill()
      }
      if (verdict === undefined) passed++
      else {
        failed++
        options.log(`cycle ${cycle} (${mode}): ${verdict}`)
      }
      if (cycle % LOG_EVERY === 0)
        options.log(`${cycle}/${options.cycles} kills, ${acknowledged} writes acknowledged`)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return { passed, failed }
}
