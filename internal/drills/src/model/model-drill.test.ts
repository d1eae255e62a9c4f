import { assertNoOpenResources } from '@varve/base/testing'
import { afterEach, describe, expect, it } from 'vitest'

import { runModelDrill } from './model-drill.ts'

// The full size is `npm run drill -- model`.
const histories = Number(process.env['VARVE_HISTORIES'] ?? 60)
const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 1_000_000)

describe('a database under any options', () => {
  afterEach(() => assertNoOpenResources())

  it(`is a map with snapshots and cursors (seed ${seed})`, async () => {
    const { failures } = await runModelDrill({ histories, seed, log: (line) => console.log(line) })
    expect(failures).toEqual([])
  }, 600_000)
})
