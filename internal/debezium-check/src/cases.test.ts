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
        for (const [cell, fault] of faults) met.push(`${name}, row ${cell}: ${fault.name}`)
      }
    expect(failures).toEqual([])
    expect(met.sort()).toEqual([
      'mariadb/avro-default/times, row 2: y is 2000 instead of 0000: year zero',
      'mariadb/json-schema-default/times, row 2: y is 2000 instead of 0000: year zero',
      'mariadb/json-schema-string-connect/times, row 2: t is null instead of -838:59:59: span as time of day',
      'mariadb/json-schema-string-connect/times, row 2: t3 is null instead of 838:59:59.999: span as time of day',
      'mariadb/json-schema-string-connect/times, row 2: t6 is null instead of -00:00:00.000001: span as time of day',
      'mariadb/json-schema-string-connect/times, row 2: y is 2000 instead of 0000: year zero',
      'postgres/avro-default/Odd Names, row 1: ümlaut is undefined instead of ü: garbled name',
      'postgres/avro-default/times, row 2: ts3 is 0000-12-30T00:00:00 instead of 0001-01-01 00:00:00: Julian calendar',
      'postgres/avro-headers-string/times, row 2: ts3 is 0000-12-30T00:00:00 instead of 0001-01-01 00:00:00: Julian calendar',
      'postgres/json-schema-default/Odd Names, row 1: ümlaut is undefined instead of ü: garbled name',
      'postgres/json-schema-default/times, row 2: ts3 is 0000-12-30T00:00:00 instead of 0001-01-01 00:00:00: Julian calendar',
      'postgres/json-schema-string-connect/times, row 2: ts3 is 0000-12-30T00:00:00 instead of 0001-01-01 00:00:00: Julian calendar',
    ])
  })
})
