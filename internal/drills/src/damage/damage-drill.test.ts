import { assertNoOpenResources } from '@varve/base/testing'
import { afterEach, describe, expect, it } from 'vitest'

import { runDamageDrill } from './damage-drill.ts'

// The full size is `npm run drill -- damage`.
const damages = Number(process.env['VARVE_DAMAGES'] ?? 600)
const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 1_000_000)

describe('a database with a damaged file', () => {
  afterEach(() => assertNoOpenResources())

  it(`shows what was written or says that it is damaged (seed ${seed})`, async () => {
    const { failures, byFile } = await runDamageDrill({
      damages,
      seed,
      log: (line) => console.log(line),
    })
    expect(failures).toEqual([])
    for (const kind of ['table', 'log', 'MANIFEST'])
      expect(byFile.get(kind)?.found, kind).toBeGreaterThan(0)
  }, 600_000)
})
