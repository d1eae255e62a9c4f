/**
 * `npm run pipeline -- [--changes N] [--line 3|4] [--database postgres|mariadb] [--encoding json|json-schema|avro] [--seed N] [--short]`
 *
 * All of each by default, 100,000 changes; `--short` is one database on each line of Kafka.
 */
import { parseArgs } from 'node:util'

import { judgeWriter } from './judge/judge-writer.ts'
import { runExample } from './judge/run-example.ts'
import { runPipeline } from './scenario/run-pipeline.ts'
import type { Database } from './stack/database.ts'
import { missingParts } from './stack/installed.ts'
import type { Encoding } from './stack/source-connector.ts'
import { startStack } from './stack/stack.ts'

const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '100000' },
    line: { type: 'string' },
    database: { type: 'string' },
    encoding: { type: 'string' },
    seed: { type: 'string', default: '1' },
    short: { type: 'boolean', default: false },
  },
})
const missing = missingParts()
if (missing.length > 0) {
  console.error(`missing: ${missing.join(', ')}`)
  process.exit(1)
}
// What was started ends with this process, also when that is told to go.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const started = performance.now()
const say = (line: string): void =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`)
const changes = Number(values.changes)
const runs: readonly (readonly ['3' | '4', Database['kind'], Encoding])[] = [
  ['3', 'mariadb', 'json'],
  ['4', 'postgres', 'avro'],
  ...(values.short
    ? []
    : ([
        ['3', 'postgres', 'json-schema'],
        ['4', 'mariadb', 'avro'],
      ] as const)),
]
let passed = 0
let failed = 0
const judge = (name: string, differences: readonly string[]): void => {
  for (const difference of differences) say(`  ${difference}`)
  if (differences.length === 0) passed++
  else failed++
  say(`${differences.length === 0 ? 'ok  ' : 'FAIL'} ${name}`)
}
for (const [line, kind, usual] of runs) {
  if ((values.line ?? line) !== line || (values.database ?? kind) !== kind) continue
  const encoding = (values.encoding ?? usual) as Encoding
  const name = `Kafka ${line}, ${kind}, ${encoding}`
  await using stack = await startStack(line, [kind])
  say(`${name}: the stack is up`)
  for (const format of ['json-schema', 'avro'] as const)
    judge(
      `Kafka ${line}: Debezium flattens our envelopes, ${format}`,
      await judgeWriter(stack, format),
    )
  judge(`Kafka ${line}: the example with kafkajs alone`, await runExample(stack))
  const { differences, rows, joined } = await runPipeline({
    stack,
    database: stack.databases[0]!,
    encoding,
    changes,
    seed: Number(values.seed),
    settleMs: 120_000 + changes * 2,
    say,
  })
  judge(`${name}: ${rows} rows of views, ${joined} joined`, differences)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
