/**
 * Runs declarative cases on `@varve/streams`: `npm run check:streams -- --cases F --out R`.
 * One JSON line per case in, one result per line out; a case that does not run to its end has an `error` and counts as failed.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'

import type { Case } from './case.ts'
import { runCase } from './run-case.ts'

const { values } = parseArgs({ options: { cases: { type: 'string' }, out: { type: 'string' } } })
if (values.cases === undefined || values.out === undefined) {
  console.error('usage: npm run check:streams -- --cases FILE --out FILE')
  process.exit(1)
}

const lines = readFileSync(values.cases, 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
const out = openSync(values.out, 'w')
let passed = 0
const reasons = new Map<string, number>()
for (const [index, line] of lines.entries()) {
  const result = runCase(JSON.parse(line) as Case)
  writeSync(out, `${JSON.stringify(result)}\n`)
  if (result.error === undefined) passed++
  else reasons.set(result.error, (reasons.get(result.error) ?? 0) + 1)
  if ((index + 1) % 500 === 0) console.log(`${index + 1} of ${lines.length} cases`)
}
closeSync(out)
for (const [reason, count] of reasons) console.log(`did not run: ${count} × ${reason}`)
console.log(`${passed} passed, ${lines.length - passed} failed`)
process.exitCode = passed === lines.length ? 0 : 1
