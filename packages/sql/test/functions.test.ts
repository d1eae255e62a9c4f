import { fileURLToPath } from 'node:url'

import type { Random } from '@varve/base'
import { describeGolden } from '@varve/internal-golden'
import { formatDecimal, formatSqlType, rowToObject, type Decimal } from '@varve/serde'
import { describe } from 'vitest'

import { compileExpression } from '../src/index.ts'
import { Sandbox } from './sandbox.ts'

const now = Date.UTC(2024, 2, 21, 5, 46, 40, 123)

const sandbox = new Sandbox()
sandbox.run(`CREATE STREAM s (none STRING, nothing INT, nones ARRAY<STRING>)
  WITH (kafka_topic = 's', value_format = 'JSON');`)

const random: Random = {
  next: () => 0.5,
  bytes: (n) => new Uint8Array(n),
  uuid: () => '7d444840-9dc0-41d1-b245-5ffdce74fad2',
}

const options = {
  functions: sandbox.functions,
  environment: { clock: { now: () => now }, random },
}

/** `expression → type: value`, and why an evaluation failed. */
function evaluate(text: string): string {
  const [command] = sandbox.run(`SELECT ${text} AS x FROM s EMIT CHANGES;`)
  if (command?.kind !== 'pushQuery') throw new Error('a push query was expected')
  const { tree, type } = command.plan.output[0]!
  const reports: string[] = []
  const value = compileExpression(tree, options)(null, [null, null, null], {
    rowtime: 0,
    partition: 0,
    offset: 0,
    headers: [],
    windowStart: null,
    windowEnd: null,
    report: (error) => reports.push((error as Error).message),
  })
  const shown = JSON.stringify(rowToObject([{ name: 'x', type }], [value]), readable)
  const failure = reports.map((report) => `  !! ${report}`).join('')
  return `${text} → ${formatSqlType(type)} ${shown.slice('{"x":'.length, -1)}${failure}`
}

function readable(_: string, item: unknown): unknown {
  if (item instanceof Map) return { map: [...(item as ReadonlyMap<unknown, unknown>)] }
  if (item instanceof Uint8Array) return { hex: Buffer.from(item).toString('hex') }
  if (typeof item === 'bigint' || (typeof item === 'number' && !Number.isFinite(item))) {
    return String(item)
  }
  return typeof item === 'object' && item !== null && 'unscaled' in item
    ? { decimal: formatDecimal(item as Decimal) }
    : item
}

describe('functions by example', () => {
  describeGolden(
    fileURLToPath(new URL('../testdata/functions', import.meta.url)),
    () => (golden) => golden.input.split('\n').map(evaluate).join('\n'),
  )
})
