import { readdirSync, readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { runSqlTests } from './sql-test/run-sql-tests.ts'

const folder = new URL('../../examples/', import.meta.url)

test.each(readdirSync(folder))('the example %s gives what it says', async (name) => {
  const outcomes = await runSqlTests(readFileSync(new URL(name, folder), 'utf8'), name)
  expect(outcomes).toEqual([{ name, line: 1 }])
})
