import { describe, expect, test } from 'vitest'

import { readCases } from './case-file.ts'
import { readHistories } from './history/read-history.ts'
import { runHistory } from './history/run-history.ts'
import { KNOWN_FAILURES, KNOWN_HISTORY_FAILURES } from './known-failures.ts'
import { runCase } from './run-case.ts'
import { findDebeziumFixtures } from './shared-fixtures.ts'

const directory = findDebeziumFixtures()
const required = process.env['VARVE_REQUIRE_PEERS'] === '1'
if (directory === undefined)
  console.warn(
    'skipped: Debezium fixtures (set VARVE_SHARED to the folder that holds fixtures/debezium)',
  )

describe.skipIf(directory === undefined && !required)('Debezium sample events', () => {
  test('fail where the list of known failures says so, and nowhere else', async () => {
    const failures: string[] = []
    const cases = await readCases(directory!)
    for (const file of cases) if ((await runCase(file)) !== undefined) failures.push(file.name)
    expect(cases.length).toBeGreaterThan(0)
    expect(failures.sort()).toEqual([...KNOWN_FAILURES.keys()].sort())
  })

  test('histories differ from SELECT where the list says so, and nowhere else', async () => {
    const failures: string[] = []
    for (const history of await readHistories(directory!))
      for (const { name, failure } of await runHistory(history))
        if (failure !== undefined) failures.push(name)
    expect(failures.sort()).toEqual([...KNOWN_HISTORY_FAILURES.keys()].sort())
  })
})
