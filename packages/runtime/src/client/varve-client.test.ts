import { afterEach, beforeEach, expect, test } from 'vitest'

import { Engine } from '../engine/engine.ts'
import { startServer, type VarveServer } from '../server/start-server.ts'
import { ServerError } from './server-error.ts'
import { VarveClient } from './varve-client.ts'

let engine: Engine
let server: VarveServer
let client: VarveClient

beforeEach(async () => {
  engine = await Engine.open({ directory: ':memory:' })
  server = await startServer({ engine, port: 0 })
  client = new VarveClient({ url: server.url })
  await client.execute(`
    CREATE STREAM s (k STRING KEY, n BIGINT, b BYTES, st STRUCT<x INT>)
      WITH (kafka_topic = 's', partitions = 1, value_format = 'json');
    CREATE TABLE totals AS SELECT k, SUM(n) AS total FROM s GROUP BY k;`)
})

afterEach(async () => {
  await server.close()
  await engine.close()
})

test('rows go in and come out as the engine in a process takes and gives them', async () => {
  const row = { k: "it's", n: 2n ** 60n, b: Uint8Array.of(1, 2), st: { x: 3 } }
  expect(await client.insert('s', [row, { k: 'b', n: 1 }])).toEqual({ count: 2 })
  const rows = await client.query('SELECT * FROM s WHERE k = ${k};', { variables: { k: "it's" } })
  expect(rows).toEqual([{ K: "it's", N: 2n ** 60n, B: Uint8Array.of(1, 2), ST: { X: 3 } }])
  expect(rows[0]!['n']).toBe(2n ** 60n)
  expect(await client.query('SELECT k, n FROM s LIMIT 1;', { rows: 'array' })).toEqual([
    ["it's", 2n ** 60n],
  ])
})

test('a push query streams until the loop is left', async () => {
  const seen: unknown[] = []
  const stream = client.stream('SELECT k, n FROM s EMIT CHANGES;')
  const first = stream.next()
  await expect.poll(() => engine.metrics().pushQueries, { timeout: 60_000 }).toBe(1)
  await client.insert('s', { k: 'a', n: 1 })
  seen.push((await first).value)
  await stream.return(undefined)
  expect(seen).toEqual([{ K: 'a', N: 1 }])
  await expect.poll(() => engine.metrics().pushQueries, { timeout: 60_000 }).toBe(0)
})

test('changes of a table carry the row before and after', async () => {
  const stop = new AbortController()
  const changes = client.subscribe('totals', { from: 'earliest', signal: stop.signal })
  await client.insert('s', { k: 'a', n: 1 })
  expect((await changes.next()).value).toMatchObject({
    kind: 'insert',
    key: { K: 'a' },
    before: undefined,
    after: { K: 'a', TOTAL: 1 },
  })
  await client.insert('s', { k: 'a', n: 2 })
  expect((await changes.next()).value).toMatchObject({
    kind: 'update',
    before: { K: 'a', TOTAL: 1 },
    after: { K: 'a', TOTAL: 3 },
  })
  stop.abort()
  expect((await changes.next()).done).toBe(true)
})

test('errors come as errors with their code', async () => {
  await expect(client.execute('DROP STREAM nope;')).rejects.toMatchObject({
    status: 400,
    errorCode: 40001,
  })
  await expect(client.query('SELECT nope FROM s;')).rejects.toBeInstanceOf(ServerError)
  await expect(client.insert('s', { k: 'a', n: 'x' })).rejects.toThrow('"N" expects BIGINT')
  await expect(client.closeQuery('nope')).rejects.toThrow('No query with id nope')
  expect(await client.info()).toMatchObject({ serverStatus: 'RUNNING' })
})
