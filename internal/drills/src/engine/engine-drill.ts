import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createSeededRandom } from '@varve/base/testing'

import { startChild } from '../child-process.ts'
import type { DrillOptions, DrillResult } from '../options.ts'

const LIFE_MS_MIN = 300
const LIFE_MS_MAX = 3000
const LOG_EVERY = 5

/**
 * An engine on its embedded broker runs a stateless query and an aggregate behind a repartition topic, and is killed at a random moment
 * under load. After each kill the committed outputs must be a prefix of what the inputs call for: nothing twice, nothing missing, nothing
 * out of order. The last start must come to exactly the whole.
 */
export async function runEngineDrill(options: DrillOptions): Promise<DrillResult> {
  const directory = mkdtempSync(join(tmpdir(), 'varve-engine-drill-'))
  const random = createSeededRandom(options.seed)
  let passed = 0
  let failed = 0
  const live = async (mode: 'load' | 'finish', lifeMs: number): Promise<string | undefined> => {
    let verdict: string | undefined
    let verified = ''
    let onVerified: () => void
    const ready = new Promise<void>((resolve) => (onVerified = resolve))
    const child = startChild(
      new URL('./engine-child.ts', import.meta.url),
      [directory, mode],
      (line) => {
        if (line.startsWith('verified')) {
          verified = line
          onVerified()
        } else if (line.startsWith('finished')) options.log(line)
        else verdict ??= line
      },
    )
    const early = await Promise.race([ready.then(() => undefined), child.ended])
    if (early !== undefined) return verdict ?? `the engine ended with ${early}`
    if (mode === 'finish') {
      const code = await child.ended
      return code === 0 ? verdict : (verdict ?? `the engine ended with ${code}`)
    }
    const outcome = await Promise.race([
      new Promise<'time'>((resolve) => setTimeout(() => resolve('time'), lifeMs)),
      child.ended,
    ])
    if (outcome !== 'time') return verdict ?? `the engine ended with ${outcome}`
    await child.kill()
    if (passed % LOG_EVERY === 0) options.log(`${passed} kills, ${verified}`)
    return verdict
  }
  try {
    for (let cycle = 1; cycle <= options.cycles + 1; cycle++) {
      const last = cycle > options.cycles
      const verdict = await live(
        last ? 'finish' : 'load',
        LIFE_MS_MIN + random.next() * (LIFE_MS_MAX - LIFE_MS_MIN),
      )
      if (verdict === undefined) passed++
      else {
        failed++
        options.log(`${last ? 'the end' : `cycle ${cycle}`}: ${verdict}`)
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return { passed, failed }
}
