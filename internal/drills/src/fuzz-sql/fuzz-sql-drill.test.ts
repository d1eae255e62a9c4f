import { expect, it } from 'vitest'

import { runFuzzSqlDrill } from './fuzz-sql-drill.ts'

// The full size is `npm run drill -- fuzz-sql --inputs 200000`.
const inputs = Number(process.env['VARVE_FUZZ_SQL_INPUTS'] ?? 3_000)
const seed = Number(process.env['VARVE_SEED'] ?? Date.now() % 1_000_000)

it(`statements and records of every format end in a typed error or the right answer (seed ${seed})`, async () => {
  const reports = await runFuzzSqlDrill({ inputs, seed, log: () => undefined })
  expect(reports.length).toBeGreaterThan(10)
  for (const { failures } of reports) expect(failures).toEqual([])
}, 600_000)
