import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { readCases } from './case-file.ts'
import { readHistories } from './history/read-history.ts'
import { runHistory } from './history/run-history.ts'
import { fuzz } from './fuzz/fuzz.ts'
import { caseSeeds, writtenSeeds } from './fuzz/seeds.ts'
import { runCase } from './run-case.ts'

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    name: { type: 'string' },
    fuzz: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
})
if (values.dir === undefined || !existsSync(values.dir)) {
  console.error(
    'usage: npm run check:debezium -- --dir FOLDER [--name CASE] [--fuzz RECORDS [--seed N]]',
  )
  process.exit(2)
}
const directory = resolve(values.dir)
if (values.fuzz !== undefined) {
  const seeds = [...(await writtenSeeds()), ...(await caseSeeds(directory))]
  const started = performance.now()
  const result = await fuzz(seeds, Number(values.fuzz), Number(values.seed), (done) => {
    if (done % 50_000 === 0) console.log(`${done} records`)
  })
  for (const failure of result.failures) console.log(`FAIL ${failure}`)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(
    `${result.answered} answered, ${result.refused} refused by a typed error, slowest ${result.slowestMs.toFixed(0)} ms, ${seconds} s`,
  )
  console.log(`${result.answered + result.refused} passed, ${result.failures.length} failed`)
  process.exit(result.failures.length > 0 ? 1 : 0)
}
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
    for (const [cell, { reason }] of faults) console.log(`note ${name}: row ${cell}: ${reason}`)
    if (failure === undefined) passed++
    else failed++
    console.log(failure === undefined ? `ok   ${name}` : `FAIL ${name}: ${failure}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
