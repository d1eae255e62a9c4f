import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import type { Row, Value } from '@varve/serde'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  compileExpression,
  compilePredicate,
  compileRow,
  type EvaluationContext,
  type OutputColumn,
} from '../src/index.ts'
import { columnsSql, expressionSql } from './random-expressions.ts'
import { Sandbox } from './sandbox.ts'

const sandbox = new Sandbox()
sandbox.run(`CREATE STREAM s (${columnsSql}) WITH (kafka_topic='s', value_format='JSON');`)

function outputs(sql: readonly string[]): readonly OutputColumn[] {
  const list = sql.map((text, i) => `${text} AS o${i}`).join(', ')
  const [command] = sandbox.run(`SELECT ${list} FROM s EMIT CHANGES;`)
  if (command?.kind !== 'pushQuery') throw new Error('a push query was expected')
  return command.plan.output
}

/** A context that writes down what was reported. */
function recording(): { readonly context: EvaluationContext; readonly reports: string[] } {
  const reports: string[] = []
  const context: EvaluationContext = {
    rowtime: 1_000,
    partition: 3,
    offset: 9,
    headers: [],
    windowStart: null,
    windowEnd: null,
    report: (error) => reports.push(String(error)),
  }
  return { context, reports }
}

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.constantFrom<Value>(5, 0, -2147483648, null),
  fc.constant(null),
  fc.constantFrom<Value>(3, 9007199254740993n, -9223372036854775808n, null),
  fc.constant(null),
  fc.constantFrom<Value>(2.5, NaN, Infinity, -0, null),
  fc.constant(null),
  fc.constantFrom<Value>({ unscaled: 150n, scale: 2 }, { unscaled: -999999n, scale: 2 }, null),
  fc.constant(null),
  fc.constantFrom<Value>('text', '', 'a%b', '12', null),
  fc.constant(null),
  fc.constantFrom<Value>(true, false, null),
  fc.constant(null),
  fc.constantFrom<Value>(1_711_000_000_123, null),
  fc.constantFrom<Value>(19_803, null),
  fc.constantFrom<Value>([1, 2, 3], [], [null, 4], null),
  fc.constant(null),
  fc.constantFrom<Value>(new Map([['one', 1]]), new Map(), null),
  fc.constantFrom<Value>([5, 'deep'], [null, null], null),
  fc.constant(null),
)

const numRuns = Number(process.env['VARVE_EXPRESSION_RUNS'] ?? 500)
const { functions } = sandbox

describe('generated code and closures', () => {
  test(
    'give the same values and report the same failures, in the same order',
    { timeout: 600_000 },
    () => {
      fc.assert(
        fc.property(fc.array(expressionSql, { minLength: 1, maxLength: 3 }), row, (sql, value) => {
          const trees = outputs(sql).map((column) => column.tree)
          const results = (['generate', 'closures'] as const).map((form) => {
            const { context, reports } = recording()
            const single = trees.map((tree) =>
              compileExpression(tree, { functions, form })([42], value, context),
            )
            const together = compileRow(trees, { functions, form })([42], value, context)
            return { single, together, reports }
          })
          expect(results[0]).toEqual(results[1])
          expect(results[0]!.together).toEqual(results[0]!.single)
        }),
        { numRuns },
      )
    },
  )

  test('agree about conditions', () => {
    fc.assert(
      fc.property(expressionSql, row, (sql, value) => {
        const [column] = outputs([`(${sql}) IS NOT NULL`])
        const results = (['generate', 'closures'] as const).map((form) => {
          const { context, reports } = recording()
          const matches = compilePredicate(column!.tree, { functions, form })([42], value, context)
          return { matches, reports }
        })
        expect(results[0]).toEqual(results[1])
      }),
      { numRuns: Math.ceil(numRuns / 5) },
    )
  })
})

describe('no text becomes code', () => {
  const hostile = [
    "');globalThis.pwned=1;('",
    '`${globalThis.pwned=1}`',
    '\u2028globalThis.pwned=1\u2029',
    '*/globalThis.pwned=1/*',
    '\\u0027;globalThis.pwned=1;//',
    '__proto__',
    'constructor',
  ]

  test.each(hostile)('%j as a literal, a name, a key and a field', (text) => {
    const literal = `'${text.replaceAll("'", "''")}'`
    const name = `\`${text.replaceAll('`', '``')}\``
    const own = new Sandbox()
    own.run(
      `CREATE STREAM h (${name} STRING KEY, v STRUCT<${name} INT>) WITH (kafka_topic='h', value_format='JSON');`,
    )
    const [command] = own.run(
      `SELECT ${literal} AS a, ${name} AS b, v->${name} AS c, MAP(${literal} := 1)[${literal}] AS d, ${name} LIKE ${literal} AS e,
       TRANSFORM(ARRAY[1], ${name}_x => ${name}_x + 1) AS f, STRUCT(${name} := 1) AS g FROM h EMIT CHANGES;`.replaceAll(
        `${name}_x`,
        `\`x${text.replaceAll('`', '``')}\``,
      ),
    )
    if (command?.kind !== 'pushQuery') throw new Error('a push query was expected')
    const trees = command.plan.output.map((column) => column.tree)
    const { context } = recording()
    expect(compileRow(trees, { functions, form: 'generate' })([text], [[7]], context)).toEqual([
      text,
      text,
      7,
      1,
      expect.any(Boolean),
      [2],
      [1],
    ])
    expect('pwned' in globalThis).toBe(false)
  })

  test('a plan that was tampered with is refused, not run', () => {
    const [column] = outputs(['i'])
    const { tree } = column!
    for (const index of ['0];globalThis.pwned=1;value[0', -1, 0.5, NaN]) {
      const bad = { ...tree, index } as unknown as typeof tree
      expect(() => compileExpression(bad, { functions, form: 'generate' })).toThrow(/whole number/)
    }
    const literal = { kind: 'literal', type: { kind: 'INTEGER' }, value: 'globalThis.pwned=1' }
    const run = compileExpression(literal as never, { functions, form: 'generate' })
    expect(run(null, null, recording().context)).toBe('globalThis.pwned=1')
    expect('pwned' in globalThis).toBe(false)
  })
})

test('where strings may not become code, closures are used', () => {
  const script = `
    const { compileExpression, createFunctionRegistry } = await import(${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))})
    let forbidden = false
    try { new Function('') } catch { forbidden = true }
    const one = { kind: 'literal', type: { kind: 'INTEGER' }, value: 1 }
    const sum = { kind: 'arithmetic', type: { kind: 'INTEGER' }, operator: '+', left: one, right: one }
    const result = compileExpression(sum, { functions: createFunctionRegistry() })(null, null, {})
    console.log(JSON.stringify({ forbidden, result }))`
  const output = execFileSync(
    process.execPath,
    [
      '--disallow-code-generation-from-strings',
      '--conditions=@varve/source',
      '--input-type=module',
      '-e',
      script,
    ],
    { encoding: 'utf8', timeout: 120_000 },
  )
  expect(JSON.parse(output)).toEqual({ forbidden: true, result: 2 })
})
