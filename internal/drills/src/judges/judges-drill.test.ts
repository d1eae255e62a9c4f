import { describe, expect, it } from 'vitest'

import { runJudgesDrill } from './judges-drill.ts'
import { callPanel } from './panel.ts'

// The full size is `npm run check:judges`.
const databases = Number(process.env['VARVE_JUDGED_DATABASES'] ?? 6)
const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 1_000_000)

const panel = await callPanel()
const isEmpty = panel.check === undefined && panel.tool === undefined && panel.java === undefined

describe.skipIf(isEmpty)('RocksDB on databases of random histories', () => {
  it(`finds them as they were left, and leaves them so that we read them (seed ${seed})`, async () => {
    const { failures } = await runJudgesDrill({
      databases,
      seed,
      panel,
      log: (line) => console.log(line),
    })
    expect(failures).toEqual([])
  }, 900_000)
})
