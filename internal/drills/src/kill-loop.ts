import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createSeededRandom } from '@varve/base/testing'

import { startChild } from './child-process.ts'
import type { DrillOptions, DrillResult } from './options.ts'

const LOG_EVERY = 5

/** A process to be killed again and again. */
export interface Victim {
  /**
   * Called with a directory and `load` or `finish`. Prints `verified …` once what it found is right, `finished …` at its end, and anything
   * else when something is wrong.
   */
  readonly module: URL
  /** How long a process lives after it has verified, milliseconds. */
  readonly lifeMsMin: number
  readonly lifeMsMax: number
}

/** Kills the process `cycles` times at random moments under load; the last start must come to the whole. */
export async function runKillLoop(victim: Victim, options: DrillOptions): Promise<DrillResult> {
  const directory = mkdtempSync(join(tmpdir(), 'varve-drill-'))
  const random = createSeededRandom(options.seed)
  let passed = 0
  let failed = 0
  const live = async (mode: 'load' | 'finish', lifeMs: number): Promise<string | undefined> => {
    let verdict: string | undefined
    let verified = ''
    let onVerified: () => void
    const ready = new Promise<void>((resolve) => (onVerified = resolve))
    const child = startChild(victim.module, [directory, mode], (line) => {
      if (line.startsWith('verified')) {
        verified = line
        onVerified()
      } else if (line.startsWith('finished')) options.log(line)
      else verdict ??= line
    })
    const early = await Promise.race([ready.then(() => undefined), child.ended])
    if (early !== undefined) return verdict ?? `the process ended with ${early}`
    if (mode === 'finish') {
      const code = await child.ended
      return code === 0 ? verdict : (verdict ?? `the process ended with ${code}`)
    }
    const outcome = await Promise.race([
      new Promise<'time'>((resolve) => setTimeout(() => resolve('time'), lifeMs)),
      child.ended,
    ])
    if (outcome !== 'time') return verdict ?? `the process ended with ${outcome}`
    await child.kill()
    if (passed % LOG_EVERY === 0) options.log(`${passed} kills, ${verified}`)
    return verdict
  }
  try {
    for (let cycle = 1; cycle <= options.cycles + 1; cycle++) {
      const last = cycle > options.cycles
      const verdict = await live(
        last ? 'finish' : 'load',
        victim.lifeMsMin + random.next() * (victim.lifeMsMax - victim.lifeMsMin),
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
