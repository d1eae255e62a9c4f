import type { Row, Value } from '@varve/serde'
import { describe, expect, test } from 'vitest'

import { Sandbox } from '../../test/sandbox.ts'
import { compileExpression, compilePredicate } from './compile.ts'

const sandbox = new Sandbox()
sandbox.run(`CREATE STREAM s (
    k INT KEY, i INT, n INT, b BIGINT, d DOUBLE, p DECIMAL(4, 2), t STRING, f BOOLEAN,
    a ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<x INT, y STRUCT<z STRING>>, ts TIMESTAMP, dt DATE, bin BYTES
  ) WITH (kafka_topic='s', value_format='JSON');`)

const value: Row = [
  7,
  null,
  9007199254740993n,
  2.5,
  { unscaled: 150n, scale: 2 },
  'text',
  true,
  [1, 2, 3],
  new Map([['one', 1]]),
  [5, ['deep']],
  1711000000123,
  19803,
  new Uint8Array([104, 105]),
]

function evaluate(text: string): { readonly result: Value; readonly reports: readonly unknown[] } {
  const [command] = sandbox.run(`SELECT ${text} AS x FROM s EMIT CHANGES;`)
  if (command?.kind !== 'pushQuery') throw new Error('a push query was expected')
  const reports: unknown[] = []
  // Plans are stored as JSON: what is compiled is what JSON gives back.
  const { tree } = JSON.parse(
    JSON.stringify(command.plan.output[0]),
  ) as (typeof command.plan.output)[0] & object
  const result = compileExpression(tree, { functions: sandbox.functions })([42], value, {
    rowtime: 1000,
    partition: 3,
    offset: 9,
    headers: [{ key: 'h', value: new Uint8Array([1]) }],
    windowStart: null,
    windowEnd: null,
    report: (error) => reports.push(error),
  })
  return { result, reports }
}

describe('values', () => {
  test.each<[string, Value]>([
    ['k', 42],
    ['ROWTIME', 1000],
    ['ROWPARTITION', 3],
    ['ROWOFFSET', 9],
    ['i + 1', 8],
    ['2147483647 + 1', -2147483648],
    ['i / 2', 3],
    ['-i / 2', -3],
    ['-i % 2', -1],
    ['i / 2.0', { unscaled: 3500000n, scale: 6 }],
    ['b + 1', 9007199254740994n],
    ['b - b', 0],
    ['d * 2', 5],
    ['d / 0', Infinity],
    ['p + p', { unscaled: 300n, scale: 2 }],
    ['p * 2', { unscaled: 300n, scale: 2 }],
    ["t + '!'", 'text!'],
    ["t || '!' || CAST(i AS STRING)", 'text!7'],
    ['a[1]', 1],
    ['a[-1]', 3],
    ['a[4]', null],
    ["m['one']", 1],
    ["m['two']", null],
    ['st->y->z', 'deep'],
    ["i IN (1, 7, '9')", true],
    ['i NOT IN (1, 2)', true],
    ['i BETWEEN 7 AND 8', true],
    ["t LIKE 't_x%'", true],
    ["t LIKE '%xt%' ESCAPE '!'", true],
    ["t LIKE 'ex'", false],
    ['CASE WHEN i > 5 THEN 1 WHEN i / 0 > 1 THEN 2 END', 1],
    ["CASE t WHEN 'a' THEN 1 ELSE 2 END", 2],
    ['CAST(d AS INT)', 2],
    ['CAST(p AS STRING)', '1.50'],
    ['CAST(d AS STRING)', '2.5'],
    ["CAST('2.345' AS DECIMAL(4, 2))", { unscaled: 235n, scale: 2 }],
    ['CAST(ts AS STRING)', '2024-03-21T05:46:40.123'],
    ['CAST(dt AS STRING)', '2024-03-21'],
    ["ts > '2024-03-21'", true],
    ['dt = ts', false],
    ["CAST('tr' AS BOOLEAN)", true],
    ['TRANSFORM(a, x => x * i)', [7, 14, 21]],
    ['FILTER(a, x => x > 1)', [2, 3]],
    ['REDUCE(a, 0, (s, x) => s + x)', 6],
    ['TRANSFORM(a, x => REDUCE(a, x, (s, y) => s + y))', [7, 8, 9]],
    ['COALESCE(n, i, 3)', 7],
    ['IFNULL(n, 1)', 1],
    ['ARRAY_LENGTH(a)', 3],
    ["SUBSTRING('abcdef', -3, 2)", 'de'],
    ['LEN(bin)', 2],
    ['p = 1.5', true],
    ['b > 9007199254740992', true],
    ['STRUCT(u := i, w := t)->w', 'text'],
    ['ROUND(-2.5)', { unscaled: -2n, scale: 0 }],
    ['GREATEST(1, 3, 2)', 3],
    ['ABS(-7)', 7],
    [`EXTRACTJSONFIELD('{"a":{"b":[1,{"c":"x"}]}}', '$.a.b[1].c')`, 'x'],
    [`EXTRACTJSONFIELD('{"a":12345678901234567890}', '$.a')`, '12345678901234567890'],
    [`EXTRACTJSONFIELD('{"a":1}', '$.b')`, null],
    ["FORMAT_TIMESTAMP(ts, 'yyyy-MM-dd HH:mm:ss.SSS', 'Asia/Seoul')", '2024-03-21 14:46:40.123'],
    [
      "CAST(PARSE_TIMESTAMP('20240321 054640', 'yyyyMMdd HHmmss') AS STRING)",
      '2024-03-21T05:46:40.000',
    ],
    ['CAST(TIMESTAMPADD(DAYS, 1, ts) AS STRING)', '2024-03-22T05:46:40.123'],
    ["FORMAT_DATE(dt, 'EEE d MMM yyyy')", 'Thu 21 Mar 2024'],
  ])('%s', (text, expected) => {
    expect(evaluate(text)).toEqual({ result: expected, reports: [] })
  })
})

describe('nulls', () => {
  test.each<[string, Value]>([
    ['n = 1', false],
    ['n <> 1', false],
    ['NOT (n = 1)', true],
    ['n IS NULL', true],
    ['n IS DISTINCT FROM 1', true],
    ['n IS NOT DISTINCT FROM n', true],
    ['n IN (1)', false],
    ['n IN (1, NULL)', false],
    ['LEN(CAST(n AS STRING))', null],
    ['t || CAST(n AS STRING)', 'text'],
    ['t + CAST(n AS STRING)', 'textnull'],
    ['f OR n > 1', true],
  ])('%s', (text, expected) => {
    expect(evaluate(text)).toEqual({ result: expected, reports: [] })
  })
})

describe('failures are reported once and become null at the nearest guard', () => {
  test.each<[string, Value]>([
    ['n + 1', null],
    ['i / 0', null],
    ["CAST('x' AS INT)", null],
    ['ARRAY[i, i / 0]', [7, null]],
    ["MAP('a' := i / 0)", new Map([['a', null]])],
    ['STRUCT(u := i, w := n + 1)', [7, null]],
    ['COALESCE(n + 1, 0)', null],
    ["COALESCE(CAST('x' AS INT), 0)", 0],
    ['IFNULL(ABS(n + 1), 0)', 0],
  ])('%s', (text, expected) => {
    const { result, reports } = evaluate(text)
    expect(result).toEqual(expected)
    expect(reports).toHaveLength(1)
  })

  test('a predicate that fails or is null is false', () => {
    const [command] = sandbox.run(`SELECT * FROM s WHERE i / 0 > 1 EMIT CHANGES;`)
    if (command?.kind !== 'pushQuery' || command.plan.root.kind !== 'filter')
      throw new Error('no filter')
    const predicate = compilePredicate(command.plan.root.predicate.tree, {
      functions: sandbox.functions,
    })
    const reports: unknown[] = []
    const context = {
      rowtime: 0,
      partition: 0,
      offset: 0,
      headers: [],
      windowStart: null,
      windowEnd: null,
      report: (error: unknown) => reports.push(error),
    }
    expect(predicate([1], value, context)).toBe(false)
    expect(reports).toHaveLength(1)
  })
})
