import { assertNoOpenResources } from '@varve/base/testing'
import { afterEach, describe, expect, it } from 'vitest'

import { runTwoPhaseDrill } from './two-phase-drill.ts'

// The full size is `npm run drill -- two-phase`.
const points = Number(process.env['VARVE_CRASH_POINTS'] ?? 400)
const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 1_000_000)

describe('a database with transactions in two phases that crashes', () => {
  afterEach(() => assertNoOpenResources())

  it(`keeps what is prepared and what is committed, whole (seed ${seed})`, async () => {
    const { failures } = await runTwoPhaseDrill({ points, seed, log: (line) => console.log(line) })
    expect(failures).toEqual([])
  }, 600_000)
})
