/**
 * Runs declarative cases on `@varve/streams`: `npm run check:streams -- --cases F --out R`.
 * One JSON line per case in, one result per line out; a case that does not run to its end has an `error`, as in Kafka Streams.
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
const errors = new Map<string, number>()
for (const [index, line] of lines.entries()) {
  const result = runCase(JSON.parse(line) as Case)
  writeSync(out, `${JSON.stringify(result)}\n`)
  if (result.error !== undefined) errors.set(result.error, (errors.get(result.error) ?? 0) + 1)
  if ((index + 1) % 500 === 0) console.log(`${index + 1} of ${lines.length} cases`)
}
closeSync(out)
for (const [error, count] of errors) console.log(`ended with an error: ${count} × ${error}`)
console.log(`${lines.length} cases ran`)
