import { afterEach, beforeEach, expect, test } from 'vitest'

import { Engine } from '../engine/engine.ts'
import type { QueryHandle } from '../engine/query-types.ts'

let engine: Engine

beforeEach(async () => {
  engine = await Engine.open({
    directory: ':memory:',
    config: { 'ksql.query.push.v2.enabled': true, 'commit.interval.ms': 20 },
  })
  await engine.execute(`
    CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic = 's', partitions = 1, value_format = 'json');
    CREATE STREAM doubled AS SELECT k, v * 2 AS v FROM s;
    CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k HAVING COUNT(*) < 2;`)
})

afterEach(() => engine.close())

async function open(sql: string, properties: Record<string, string> = {}): Promise<QueryHandle> {
  const handle = await engine.openQuery(sql, { properties })
  if (handle.kind === 'print') throw new Error('PRINT was not asked for')
  return handle
}

async function rowsOf(handle: QueryHandle): Promise<readonly unknown[]> {
  const rows: unknown[] = []
  for await (const batch of handle.batches()) rows.push(...batch)
  return rows
}

test('filters and projects what the query behind its source writes from now on', async () => {
  await engine.insert('s', { k: 'before', v: 50 })
  await engine.query('SELECT * FROM t;', { consistency: engine.position() })
  await using seen = await open("SELECT v FROM doubled WHERE k = 'before' EMIT CHANGES LIMIT 1;", {
    'auto.offset.reset': 'earliest',
  })
  expect(await rowsOf(seen)).toHaveLength(1)
  await using handle = await open(
    'SELECT v + 1 AS w, k FROM doubled WHERE v > 10 EMIT CHANGES LIMIT 2;',
  )
  expect(handle.id).toMatch(/^SCALABLE_PUSH_QUERY_/)
  expect(engine.metrics().pushQueries).toBe(1)
  await engine.insert('s', [
    { k: 'a', v: 1 },
    { k: 'b', v: 6 },
    { k: 'c', v: 7 },
  ])
  expect(await rowsOf(handle)).toEqual([
    { values: [13, 'b'], tombstone: false },
    { values: [15, 'c'], tombstone: false },
  ])
  expect(handle.end).toBe('limit')
  expect(engine.metrics().pushQueries).toBe(0)
})

test('rows that leave a table are deletions that keep their keys', async () => {
  await using handle = await open('SELECT * FROM t EMIT CHANGES LIMIT 2;')
  expect(handle.id).toMatch(/^SCALABLE_PUSH_QUERY_/)
  await engine.insert('s', { k: 'a', v: 1 })
  await engine.query('SELECT * FROM t;', { consistency: engine.position() })
  await engine.insert('s', { k: 'a', v: 2 })
  expect(await rowsOf(handle)).toEqual([
    { values: ['a', 1], tombstone: false },
    { values: ['a', null], tombstone: true },
  ])
})

test('a close ends it while it waits', async () => {
  await using handle = await open('SELECT * FROM doubled EMIT CHANGES;')
  const rows = rowsOf(handle)
  expect(await engine.closeQuery(handle.id)).toBe(true)
  expect(await rows).toEqual([])
  expect(handle.end).toBe('closed')
})

test.each([
  ['reads from the beginning', 'SELECT * FROM doubled EMIT CHANGES;', 'earliest'],
  ['asks where records lay', 'SELECT ROWOFFSET FROM doubled EMIT CHANGES;', 'latest'],
  [
    'filters by where records lay',
    'SELECT k FROM doubled WHERE ROWPARTITION = 0 EMIT CHANGES;',
    'latest',
  ],
  ['aggregates', 'SELECT k, COUNT(*) AS n FROM doubled GROUP BY k EMIT CHANGES;', 'latest'],
  ['reads what no query writes', 'SELECT * FROM s EMIT CHANGES;', 'latest'],
])('a query that %s runs by itself', async (_why, sql, reset) => {
  await using handle = await open(sql, { 'auto.offset.reset': reset })
  expect(handle.id).toMatch(/^transient_/)
})
