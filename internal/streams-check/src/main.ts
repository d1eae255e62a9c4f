/**
 * Runs declarative cases on `@varve/streams`: `npm run check:streams -- --cases F --out R`.
 * One JSON line per case in, one result per line out; a case that does not run to its end has an `error`, as in Kafka Streams.
 * `--storage` and `--restarts` say where the state lies and when tasks are killed; nothing that comes out may depend on either.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'

import type { Case } from './case.ts'
import { restartModes } from './restarts.ts'
import { runCase } from './run-case.ts'

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    out: { type: 'string' },
    storage: { type: 'string', default: 'memory' },
    restarts: { type: 'string', default: 'none' },
  },
})
const { storage } = values
const restarts = restartModes.find((mode) => mode === values.restarts)
if (
  values.cases === undefined ||
  values.out === undefined ||
  restarts === undefined ||
  (storage !== 'memory' && storage !== 'lsm')
) {
  console.error(
    `usage: npm run check:streams -- --cases FILE --out FILE [--storage memory|lsm] [--restarts ${restartModes.join('|')}]`,
  )
  process.exit(1)
}

const lines = readFileSync(values.cases, 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
const out = openSync(values.out, 'w')
const errors = new Map<string, number>()
for (const [index, line] of lines.entries()) {
  const result = await runCase(JSON.parse(line) as Case, { storage, restarts })
  writeSync(out, `${JSON.stringify(result)}\n`)
  if (result.error !== undefined) errors.set(result.error, (errors.get(result.error) ?? 0) + 1)
  if ((index + 1) % 500 === 0) console.log(`${index + 1} of ${lines.length} cases`)
}
closeSync(out)
for (const [error, count] of errors) console.log(`ended with an error: ${count} × ${error}`)
console.log(`${lines.length} cases ran`)
