import { sharedFixture } from '@varve/base/testing'
import { describe, expect, test } from 'vitest'

import { collectCases } from './cases.ts'
import { KNOWN_FAILURES } from './known-failures.ts'

const directory = sharedFixture('fixtures/rocksdb')

describe.skipIf(directory === undefined)('files made by RocksDB', () => {
  test('fail where the list of known failures says so, and nowhere else', async () => {
    const failures: string[] = []
    const cases = await collectCases(directory!)
    for (const { name, run } of cases) {
      try {
        await run()
      } catch {
        failures.push(name)
      }
    }
    expect(cases.length).toBeGreaterThan(0)
    expect(failures.sort()).toEqual([...KNOWN_FAILURES.keys()].sort())
  }, 120_000)
})
