import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { readCases } from './case-file.ts'
import { readHistories } from './history/read-history.ts'
import { runHistory } from './history/run-history.ts'
import { runCase } from './run-case.ts'

const { values } = parseArgs({
  options: { dir: { type: 'string' }, name: { type: 'string' } },
})
if (values.dir === undefined || !existsSync(values.dir)) {
  console.error('usage: npm run check:debezium -- --dir FOLDER [--name CASE]')
  process.exit(2)
}
const directory = resolve(values.dir)
let passed = 0
let failed = 0
for (const test of await readCases(directory)) {
  if (values.name !== undefined && test.name !== values.name) continue
  const failure = await runCase(test)
  if (failure === undefined) passed++
  else failed++
  console.log(failure === undefined ? `ok   ${test.name}` : `FAIL ${test.name}: ${failure}`)
}
for (const history of values.name === undefined ? await readHistories(directory) : []) {
  for (const { name, failure, faults } of await runHistory(history)) {
    for (const { column, reason } of faults)
      console.log(`note ${name}: column "${column}": ${reason}`)
    if (failure === undefined) passed++
    else failed++
    console.log(failure === undefined ? `ok   ${name}` : `FAIL ${name}: ${failure}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
