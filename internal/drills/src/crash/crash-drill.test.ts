import { assertNoOpenResources } from '@varve/base/testing'
import { afterEach, describe, expect, it } from 'vitest'

import { runCrashDrill } from './crash-drill.ts'

// The full size is `npm run drill -- crash --points 10000`.
const points = Number(process.env['VARVE_CRASH_POINTS'] ?? 1200)
const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 1_000_000)

describe('a database that crashes at every change of the disk', () => {
  afterEach(() => assertNoOpenResources())

  it(`loses nothing promised and shows moments of its past only (seed ${seed})`, async () => {
    const {
      failures,
      refused,
      points: checked,
    } = await runCrashDrill({
      points,
      seed,
      maxSeconds: 200,
      log: (line) => console.log(line),
    })
    expect(failures).toEqual([])
    expect(checked).toBeGreaterThan(50)
    expect(refused).toBeLessThanOrEqual(Math.ceil(points / 200))
  }, 600_000)
})
