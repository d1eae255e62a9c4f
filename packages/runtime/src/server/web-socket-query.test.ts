import { afterEach, beforeEach, expect, test } from 'vitest'

import { Engine } from '../engine/engine.ts'
import { startServer, type VarveServer } from './start-server.ts'

let engine: Engine
let server: VarveServer

beforeEach(async () => {
  engine = await Engine.open({ directory: ':memory:' })
  server = await startServer({ engine, port: 0 })
  await engine.execute(`CREATE STREAM s (k STRING KEY, n BIGINT)
    WITH (kafka_topic = 's', partitions = 1, value_format = 'json');`)
})

afterEach(async () => {
  await server.close()
  await engine.close()
})

interface Conversation {
  readonly frames: string[]
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly socket: WebSocket
}

function converse(request: unknown): Conversation {
  const url = new URL('/ws/query', server.url.replace('http', 'ws'))
  url.searchParams.set('request', JSON.stringify(request))
  const socket = new WebSocket(url)
  const frames: string[] = []
  const { promise: closed, resolve } = Promise.withResolvers<{ code: number; reason: string }>()
  socket.addEventListener('message', (event) => frames.push(String(event.data)))
  socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }))
  return { frames, closed, socket }
}

test('columns, rows and the final message come as frames, then the socket closes', async () => {
  await engine.insert('s', [
    { k: 'a', n: 1 },
    { k: 'b', n: 2 },
  ])
  const { frames, closed } = converse({
    ksql: 'SELECT k, n FROM s EMIT CHANGES LIMIT 2;',
    streamsProperties: { 'auto.offset.reset': 'earliest' },
  })
  expect(await closed).toMatchObject({ code: 1000 })
  expect(frames.map((frame) => JSON.parse(frame) as unknown)).toEqual([
    [
      { name: 'K', schema: { type: 'STRING', fields: null, memberSchema: null } },
      { name: 'N', schema: { type: 'BIGINT', fields: null, memberSchema: null } },
    ],
    { row: { columns: ['a', 1] } },
    { row: { columns: ['b', 2] } },
    { finalMessage: 'Limit Reached' },
  ])
})

test('PRINT sends lines', async () => {
  await engine.insert('s', { k: 'a', n: 1 })
  const { frames, closed } = converse({ ksql: 'PRINT s FROM BEGINNING LIMIT 1;' })
  await closed
  expect(frames.join('\n')).toContain('"N":1')
})

test('a mistake is a frame and the reason of the close, cut to its length', async () => {
  const name = 'x'.repeat(200)
  const { frames, closed } = converse({ ksql: `SELECT ${name} FROM s EMIT CHANGES;` })
  const { code, reason } = await closed
  expect(code).toBe(1003)
  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
  const { error } = JSON.parse(frames[0]!) as { error: string }
  expect(error).toContain(name.toUpperCase())
  expect(error.startsWith(reason)).toBe(true)
})

test('a client that goes away ends its query, a server that stops says so', async () => {
  const leaving = converse({ ksql: 'SELECT * FROM s EMIT CHANGES;' })
  const staying = converse({ ksql: 'SELECT * FROM s EMIT CHANGES;' })
  await expect.poll(() => engine.metrics().pushQueries, { timeout: 60_000 }).toBe(2)
  leaving.socket.close()
  await expect.poll(() => engine.metrics().pushQueries, { timeout: 60_000 }).toBe(1)
  await server.close()
  expect(await staying.closed).toMatchObject({ code: 1001 })
})

test('other paths cannot be upgraded', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/query`)
  await new Promise((resolve) => socket.addEventListener('close', resolve))
  expect(socket.readyState).toBe(WebSocket.CLOSED)
})
