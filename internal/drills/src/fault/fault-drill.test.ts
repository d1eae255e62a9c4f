import { describe, expect, it } from 'vitest'

import { runFaultDrill } from './fault-drill.ts'

// The full size is `npm run drill -- fault`.
const faultsMax = Number(process.env['VARVE_FAULTS'] ?? 100)
const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 1_000_000)

describe('a database whose file system fails', () => {
  it(`answers right or with a typed error, hangs never and loses nothing acknowledged (seed ${seed})`, async () => {
    const { runs, surfaced, failures } = await runFaultDrill({
      histories: 3,
      faultsMax,
      seed,
      log: (line) => console.log(line),
    })
    expect(failures).toEqual([])
    expect(runs).toBe(faultsMax * 3)
    expect(surfaced).toBeGreaterThan(runs / 4)
  }, 600_000)
})
