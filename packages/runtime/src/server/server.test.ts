import { connect, type ClientHttp2Session } from 'node:http2'
import { connect as connectTcp } from 'node:net'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Engine } from '../engine/engine.ts'
import { startServer, type VarveServer } from './start-server.ts'

let engine: Engine
let server: VarveServer

beforeEach(async () => {
  engine = await Engine.open({ directory: ':memory:' })
  server = await startServer({ engine, port: 0 })
})

afterEach(async () => {
  await server.close()
  await engine.close()
})

interface Answer {
  readonly status: number
  readonly text: string
}

type Send = (path: string, body?: string, headers?: Record<string, string>) => Promise<Answer>

const http1: Send = async (path, body, headers = {}) => {
  const response = await fetch(server.url + path, {
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { method: 'POST', body }),
  })
  return { status: response.status, text: await response.text() }
}

const http2: Send = async (path, body, headers = {}) => {
  const session: ClientHttp2Session = connect(server.url)
  try {
    const stream = session.request({
      ':path': path,
      ':method': body === undefined ? 'GET' : 'POST',
      ...headers,
    })
    stream.end(body)
    const status = await new Promise<number>((resolve, reject) => {
      stream.on('response', (response) => resolve(Number(response[':status'])))
      stream.on('error', reject)
      session.on('error', reject)
    })
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    return { status, text }
  } finally {
    session.close()
  }
}

const ddl = `CREATE STREAM s (k STRING KEY, n BIGINT, d DECIMAL(6,2), t TIMESTAMP)
  WITH (kafka_topic = 's', partitions = 1, value_format = 'json');`

function ksql(sql: string, properties: Record<string, string> = {}): string {
  return JSON.stringify({ ksql: sql, streamsProperties: properties })
}

describe.each([
  ['HTTP/1.1', () => http1],
  ['HTTP/2', () => http2],
] as const)('over %s', (_name, protocol) => {
  const send: Send = (...request) => protocol()(...request)

  test('identity and health', async () => {
    const info = await send('/info')
    expect(JSON.parse(info.text)).toMatchObject({
      KsqlServerInfo: { ksqlServiceId: 'default_', serverStatus: 'RUNNING' },
    })
    expect(JSON.parse((await send('/healthcheck')).text)).toMatchObject({ isHealthy: true })
    expect((await send('/')).status).toBe(307)
    expect(await send('/nowhere')).toEqual({ status: 404, text: 'Not Found' })
    expect((await send('/is_valid_property/auto.offset.reset')).text).toBe('true')
    expect((await send('/is_valid_property/no.such')).status).toBe(400)
  })

  test('statements, inserts and both kinds of queries', async () => {
    const created = await send('/ksql', ksql(ddl))
    expect(created.status).toBe(200)
    expect(JSON.parse(created.text)).toMatchObject([
      {
        '@type': 'currentStatus',
        commandId: 'stream/`S`/create',
        commandStatus: { status: 'SUCCESS', message: 'Stream created', queryId: null },
        commandSequenceNumber: 0,
      },
    ])
    expect(JSON.parse((await send('/status')).text)).toEqual({
      commandStatuses: { 'stream/`S`/create': 'SUCCESS' },
    })

    const rows = [
      '{"target":"s"}',
      '{"K":"a","N":9223372036854775807,"D":1.50,"T":"2024-03-20T10:00:00"}',
      '{"k":"b","n":"x"}',
      '{"k":"b","n":2}',
    ].join('\n')
    const acknowledged = await send('/inserts-stream', rows)
    expect(acknowledged.status).toBe(200)
    const lines = acknowledged.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines).toMatchObject([
      { status: 'ok', seq: 0 },
      { status: 'error', seq: 1, error_code: 40000 },
      { status: 'ok', seq: 2 },
    ])

    const pushed = await send(
      '/query-stream',
      JSON.stringify({
        sql: 'SELECT * FROM s EMIT CHANGES LIMIT 2;',
        properties: { 'auto.offset.reset': 'earliest' },
      }),
    )
    const [header, ...data] = pushed.text.trim().split('\n')
    expect(JSON.parse(header!)).toMatchObject({
      columnNames: ['K', 'N', 'D', 'T'],
      columnTypes: ['STRING', 'BIGINT', 'DECIMAL(6, 2)', 'TIMESTAMP'],
    })
    expect(data).toEqual([
      '["a",9223372036854775807,1.50,"2024-03-20T10:00:00.000"]',
      '["b",2,null,null]',
    ])

    const pulled = await send('/query', ksql('SELECT k, n FROM s;'), {
      accept: 'application/vnd.ksql.v1+json',
    })
    const elements = JSON.parse(pulled.text) as unknown[]
    expect(elements[0]).toMatchObject({ header: { schema: '`K` STRING, `N` BIGINT' } })
    expect(elements[2]).toEqual({ row: { columns: ['b', 2] } })
    const old = await send(
      '/query',
      ksql('SELECT k FROM s EMIT CHANGES LIMIT 1;', { 'auto.offset.reset': 'earliest' }),
    )
    expect(JSON.parse(old.text)).toMatchObject([
      { header: {} },
      { row: { columns: ['a'] } },
      { finalMessage: 'Limit Reached' },
    ])
    expect((await send('/query', ksql("PRINT 's' FROM BEGINNING LIMIT 1;"))).text).toMatch(
      /^Key format: KAFKA_STRING\nValue format: JSON\nrowtime: .* key: a, value: \{.*, partition: 0\n$/,
    )
  })

  test('errors have the codes of the original', async () => {
    const code = async (path: string, body: string): Promise<unknown> => {
      const answer = await send(path, body)
      const parsed = JSON.parse(answer.text) as { error_code: number }
      expect(answer.status).toBe(Math.floor(parsed.error_code / 100))
      return parsed
    }
    expect(await code('/ksql', '{')).toMatchObject({ '@type': 'generic_error', error_code: 40000 })
    expect(await code('/ksql', ksql('SELECT 1'))).toMatchObject({
      '@type': 'statement_error',
      error_code: 40001,
    })
    await send('/ksql', ksql(ddl))
    expect(await code('/ksql', ksql('SELECT * FROM s EMIT CHANGES;'))).toMatchObject({
      error_code: 40002,
    })
    expect(await code('/ksql', ksql('DROP STREAM nope;'))).toMatchObject({
      error_code: 40001,
      message: 'Stream NOPE does not exist.',
      statementText: 'DROP STREAM nope;',
    })
    expect(await code('/close-query', '{"queryId":"nope"}')).toMatchObject({ error_code: 40000 })
    expect(
      (await send('/query-stream', '{"sql":"SELECT * FROM s;"}', { accept: 'text/html' })).status,
    ).toBe(406)
  })
})

test('a push query ends when another request closes it', async () => {
  await engine.execute(ddl)
  const response = await fetch(`${server.url}/query-stream`, {
    method: 'POST',
    body: JSON.stringify({ sql: 'SELECT * FROM s EMIT CHANGES;' }),
  })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const header = JSON.parse((await reader.read()).value!) as { queryId: string }
  expect(engine.metrics().pushQueries).toBe(1)
  const closed = await http1('/close-query', JSON.stringify({ queryId: header.queryId }))
  expect(closed.status).toBe(200)
  expect((await reader.read()).done).toBe(true)
  expect(engine.metrics().pushQueries).toBe(0)
})

test('a push query ends when its client goes away', async () => {
  await engine.execute(ddl)
  const stop = new AbortController()
  const response = await fetch(`${server.url}/query-stream`, {
    method: 'POST',
    body: JSON.stringify({ sql: 'SELECT * FROM s EMIT CHANGES;' }),
    signal: stop.signal,
  })
  const reader = response.body!.getReader()
  await reader.read()
  expect(engine.metrics().pushQueries).toBe(1)
  stop.abort()
  await expect.poll(() => engine.metrics().pushQueries, { timeout: 60_000 }).toBe(0)
})

test('a body beyond the limit is refused', async () => {
  await using small = await startServer({ engine, port: 0, limits: { bodyBytesMax: 100 } })
  const response = await fetch(`${small.url}/ksql`, { method: 'POST', body: ksql(' '.repeat(200)) })
  expect(response.status).toBe(413)
})

test('closing the server ends what runs and lets idle connections go', async () => {
  await engine.execute(ddl)
  const response = await fetch(`${server.url}/query-stream`, {
    method: 'POST',
    body: JSON.stringify({ sql: 'SELECT * FROM s EMIT CHANGES;' }),
  })
  const silent = connectTcp(server.port, server.host)
  silent.on('error', () => {})
  await new Promise((resolve) => silent.once('connect', resolve))
  const text = response.text()
  const begun = performance.now()
  await server.close()
  // The idle connection would stay for a minute.
  expect(performance.now() - begun).toBeLessThan(20_000)
  expect(await text).toMatch(/^\{"queryId"/)
  await expect(fetch(`${server.url}/info`)).rejects.toThrow()
})

test('metrics are readable by Prometheus', async () => {
  const { text } = await http1('/metrics')
  expect(text).toMatch(/^# TYPE varve_queries gauge$/m)
  expect(text).toMatch(/^varve_push_queries 0$/m)
})

test('more push queries than allowed are refused with the code of the original', async () => {
  await using small = await Engine.open({
    directory: ':memory:',
    config: { 'ksql.max.push.queries': 1 },
  })
  await using smallServer = await startServer({ engine: small, port: 0 })
  await small.execute(ddl)
  const open = (): Promise<Response> =>
    fetch(`${smallServer.url}/query-stream`, {
      method: 'POST',
      body: JSON.stringify({ sql: 'SELECT * FROM s EMIT CHANGES;' }),
    })
  const first = await open()
  const second = await open()
  expect(second.status).toBe(400)
  expect(await second.json()).toMatchObject({ error_code: 40003 })
  await first.body!.cancel()
  await expect.poll(() => small.metrics().pushQueries, { timeout: 60_000 }).toBe(0)
  const third = await open()
  expect(third.status).toBe(200)
  await third.body!.cancel()
})

test('a client that reads slowly holds back the query instead of filling memory', async () => {
  await engine.execute(ddl)
  const count = 6_000
  await engine.insert(
    's',
    Array.from({ length: count }, (_, n) => ({ k: 'x'.repeat(4_000), n })),
  )
  const response = await fetch(`${server.url}/query-stream`, {
    method: 'POST',
    body: JSON.stringify({
      sql: `SELECT k, n FROM s EMIT CHANGES LIMIT ${count};`,
      properties: { 'auto.offset.reset': 'earliest' },
    }),
  })
  let length = 0
  let lines = 0
  for await (const chunk of response.body!) {
    const before = length
    length += chunk.length
    for (const byte of chunk) if (byte === 0x0a) lines += 1
    // 24 MB are more than what sockets hold: after the first of them the rest still waits in the query.
    if (before < 1e6 && length >= 1e6) expect(engine.metrics().pushQueries).toBe(1)
  }
  expect(lines).toBe(count + 1)
})

describe('elements of /query', () => {
  async function elements(sql: string, properties: Record<string, string> = {}): Promise<unknown> {
    return JSON.parse((await http1('/query', ksql(sql, properties))).text)
  }

  test('a pull query over a stream says that it is complete, or that its limit is reached', async () => {
    await engine.execute(ddl)
    await engine.insert('s', [
      { k: 'a', n: 1 },
      { k: 'b', n: 2 },
    ])
    expect(await elements('SELECT k FROM s;')).toMatchObject([
      { header: { schema: '`K` STRING' } },
      { row: { columns: ['a'] } },
      { row: { columns: ['b'] } },
      { finalMessage: 'Query Completed' },
    ])
    expect(await elements('SELECT k FROM s LIMIT 1;')).toMatchObject([
      { header: {} },
      { row: { columns: ['a'] } },
      { finalMessage: 'Limit Reached' },
    ])
  })

  test('headers of a source table are named in front of its values', async () => {
    await engine.kafka.admin.createTopic({ name: 'h', partitionCount: 1 })
    await engine.execute(`CREATE SOURCE TABLE h (k STRING PRIMARY KEY, v INT, trace BYTES HEADER('trace'))
      WITH (kafka_topic = 'h', value_format = 'json');`)
    await using producer = engine.kafka.producer()
    await producer.init()
    producer.send({
      topic: 'h',
      key: Buffer.from('a'),
      value: Buffer.from('{"v":1}'),
      headers: [{ key: 'trace', value: Buffer.from('!') }],
    })
    await producer.flush()
    const position = { offsets: { h: { 0: 1 } } }
    expect(
      await engine.query('SELECT v FROM h WHERE trace IS NOT NULL;', { consistency: position }),
    ).toEqual([{ V: 1 }])
    expect(await elements('SELECT * FROM h;')).toMatchObject([
      { header: { schema: "`K` STRING KEY, `TRACE` BYTES HEADER('trace'), `V` INTEGER" } },
      { row: { columns: ['a', 1, 'IQ=='] } },
    ])
  })

  test('a mistake names its statement, not the script', async () => {
    const first =
      "CREATE STREAM a (k STRING KEY) WITH (kafka_topic = 'a', partitions = 1, format = 'json');"
    const second = 'CREATE STREAM b AS SELECT nope FROM a;'
    const { text } = await http1('/ksql', ksql(`${first}\n${second}`))
    expect(JSON.parse(text)).toMatchObject({ error_code: 40001, statementText: second })
  })
})
