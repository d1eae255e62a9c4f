import { sharedFixture } from '@varve/base/testing'
import { describe, expect, test } from 'vitest'

import { readCases } from './case-file.ts'
import { readHistories } from './history/read-history.ts'
import { runHistory } from './history/run-history.ts'
import { runCase } from './run-case.ts'

const directory = sharedFixture('fixtures/debezium')

describe.skipIf(directory === undefined)('Debezium sample events', () => {
  test('are decoded as their cases say', async () => {
    const failures: string[] = []
    const cases = await readCases(directory!)
    for (const file of cases) {
      const failure = await runCase(file)
      if (failure !== undefined) failures.push(`${file.name}: ${failure}`)
    }
    expect(cases.length).toBeGreaterThan(0)
    expect(failures).toEqual([])
  })

  test('histories agree with SELECT but for the cells that a connector gets wrong', async () => {
    const failures: string[] = []
    const met: string[] = []
    for (const history of await readHistories(directory!))
      for (const { name, failure, faults } of await runHistory(history)) {
        if (failure !== undefined) failures.push(`${name}: ${failure}`)
        met.push(...faults.map((fault) => `${name}: ${fault.name}`))
      }
    expect(failures).toEqual([])
    expect(met.sort()).toEqual([
      'mariadb/avro-default/times: year zero',
      'mariadb/json-schema-default/times: year zero',
      'mariadb/json-schema-string-connect/times: span as time of day',
      'mariadb/json-schema-string-connect/times: year zero',
      'postgres/avro-default/Odd Names: garbled name',
      'postgres/avro-default/times: Julian calendar',
      'postgres/avro-headers-string/times: Julian calendar',
      'postgres/json-schema-default/Odd Names: garbled name',
      'postgres/json-schema-default/times: Julian calendar',
      'postgres/json-schema-string-connect/times: Julian calendar',
    ])
  })
})
