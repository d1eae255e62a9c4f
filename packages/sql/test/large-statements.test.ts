import { expect, test } from 'vitest'

import { compileExpression, compilePredicate, SqlError, type Command } from '../src/index.ts'
import { Sandbox } from './sandbox.ts'

const context = {
  rowtime: 0,
  partition: 0,
  offset: 0,
  headers: [],
  windowStart: null,
  windowEnd: null,
  report: (error: unknown): void => {
    throw error
  },
}

function sandbox(): Sandbox {
  const made = new Sandbox()
  made.run(
    "CREATE STREAM s (id INT KEY, a INT, t STRING, d DECIMAL(1000, 500)) WITH (kafka_topic='s', value_format='JSON'); CREATE TABLE q AS SELECT t, COUNT(*) AS n FROM s GROUP BY t;",
  )
  return made
}

/** Runs the predicate of the one filter of a push query. */
function matches(
  [command]: readonly Command[],
  own: Sandbox,
  row: readonly [number, string],
): boolean {
  if (command?.kind !== 'pushQuery' || command.plan.root.kind !== 'filter') {
    throw new Error('a filter was expected')
  }
  const { tree } = command.plan.root.predicate
  return compilePredicate(tree, { functions: own.functions })([1], [...row, null], context)
}

test('a statement of a megabyte is planned and evaluated', { timeout: 180_000 }, () => {
  const own = sandbox()
  const list = Array.from({ length: 70_000 }, (_, i) => `'value ${i}'`).join(', ')
  expect(
    matches(own.run(`SELECT * FROM s WHERE t IN (${list}) EMIT CHANGES;`), own, [1, 'value 69999']),
  ).toBe(true)
  const terms = Array.from({ length: 40_000 }, (_, i) => `a = ${i}`).join(' OR ')
  expect(matches(own.run(`SELECT * FROM s WHERE ${terms} EMIT CHANGES;`), own, [39_999, ''])).toBe(
    true,
  )
  const keys = Array.from({ length: 40_000 }, (_, i) => `t = '${i}'`).join(' OR ')
  expect(own.run(`SELECT * FROM q WHERE ${keys};`)[0]?.kind).toBe('pullQuery')
  const items = Array.from({ length: 20_000 }, (_, i) => `a + ${i} AS c${i}`).join(', ')
  expect(own.run(`CREATE STREAM wide AS SELECT id, ${items} FROM s;`)[0]?.kind).toBe(
    'createAsSelect',
  )
})

test('decimals of a thousand digits compute in bounded time', { timeout: 60_000 }, () => {
  const own = sandbox()
  const [command] = own.run('SELECT d * d, d + d, d / d, CAST(d AS STRING) FROM s EMIT CHANGES;')
  if (command?.kind !== 'pushQuery') throw new Error('a push query was expected')
  const d = { unscaled: 10n ** 999n - 1n, scale: 500 }
  for (const { tree } of command.plan.output) {
    const run = compileExpression(tree, { functions: own.functions })
    const reports: unknown[] = []
    run([1], [1, '', d], { ...context, report: (error) => reports.push(error) })
    expect(reports.length).toBeLessThan(2)
  }
  const chain = Array(200).fill('d').join(' * ')
  expect(own.run(`SELECT ${chain} FROM s EMIT CHANGES;`)).toHaveLength(1)
  expect(() =>
    own.run("CREATE STREAM x (d DECIMAL(2, 3)) WITH (kafka_topic='x', value_format='JSON');"),
  ).toThrow(SqlError)
  expect(() =>
    own.run("CREATE STREAM x (d DECIMAL(0, 0)) WITH (kafka_topic='x', value_format='JSON');"),
  ).toThrow(SqlError)
})

test.each([
  ['structs', `${'STRUCT<a '.repeat(10_000)}INT${'>'.repeat(10_000)}`],
  ['arrays', `${'ARRAY<'.repeat(10_000)}INT${'>'.repeat(10_000)}`],
])('%s nested ten thousand deep are refused at once', (_, type) => {
  expect(() =>
    sandbox().run(`CREATE STREAM x (v ${type}) WITH (kafka_topic='x', value_format='JSON');`),
  ).toThrow(SqlError)
})

test('lambdas, constructors and calls nested ten thousand deep are refused at once', () => {
  for (const text of [
    `${'UCASE('.repeat(10_000)}t${')'.repeat(10_000)}`,
    `${'ARRAY['.repeat(10_000)}1${']'.repeat(10_000)}`,
    `${'TRANSFORM(ARRAY[1], x => '.repeat(10_000)}x${')'.repeat(10_000)}`,
    `${'STRUCT(a := '.repeat(10_000)}1${')'.repeat(10_000)}`,
  ]) {
    expect(() => sandbox().run(`SELECT ${text} FROM s EMIT CHANGES;`)).toThrow(SqlError)
  }
})
