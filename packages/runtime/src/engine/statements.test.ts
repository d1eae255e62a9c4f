import { SqlError } from '@varve/sql'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Engine } from './engine.ts'
import type { ProcessingLogEntry } from './events.ts'

let engine: Engine

beforeEach(async () => {
  engine = await Engine.open({ directory: ':memory:' })
})

afterEach(() => engine.close())

const stream = `CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', partitions=1, value_format='json');`

async function topics(): Promise<string[]> {
  const names = (await engine.kafka.admin.listTopics()).map((topic) => topic.name)
  return names.filter((name) => !name.startsWith('_')).sort()
}

describe('a wrong script changes nothing', () => {
  test.each([
    ['a syntax error at its end', `${stream} CREATE TABEL t AS SELECT 1;`, 'line 1:'],
    ['a column that does not exist', `${stream} CREATE STREAM t AS SELECT nope FROM s;`, 'NOPE'],
    ['a name that is taken', `${stream} ${stream}`, 'already exists'],
    [
      'a drop of what is read',
      `${stream} CREATE STREAM t AS SELECT * FROM s; DROP STREAM s;`,
      'You need to terminate them',
    ],
    ['a query among statements', `${stream} SELECT * FROM s;`, 'SELECT'],
    ['a property nobody may set', `${stream} SET 'ksql.service.id'='x';`, 'Cannot override'],
    ['a type that does not fit', `${stream} INSERT INTO s (k, v) VALUES ('a', 'x');`, ''],
  ])('%s', async (_what, sql, message) => {
    await expect(engine.execute(sql)).rejects.toThrow(message)
    expect(engine.sources).toEqual([])
    expect(engine.queries).toEqual([])
    expect(await topics()).toEqual([])
    await engine.execute(stream)
    expect(engine.sources).toHaveLength(1)
  })

  test('the place of a mistake is shown with a caret', async () => {
    await engine.execute(stream)
    const error = await engine.query('SELECT k,\n  nope FROM s;').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SqlError)
    expect((error as SqlError).withText('SELECT k,\n  nope FROM s;').render()).toContain('\n    ')
  })
})

test('dropping a table ends its query and removes what it kept', async () => {
  await engine.execute(`${stream} CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
  await engine.insert('s', { k: 'a', v: 1 })
  await engine.query('SELECT * FROM t;', { consistency: engine.position() })
  const [dropped] = await engine.execute('DROP TABLE t DELETE TOPIC;')
  expect(dropped).toMatchObject({
    '@type': 'currentStatus',
    commandId: 'table/T/drop',
    commandStatus: { message: 'Source `T` (topic: T) was dropped.' },
  })
  expect(engine.queries).toEqual([])
  expect(
    (await engine.kafka.admin.listTopics()).map((t) => t.name).filter((n) => n.includes('CTAS_T')),
  ).toEqual([])
  expect(await topics()).toEqual(['s'])
  await engine.execute('DROP STREAM s;')
  expect(engine.sources).toEqual([])
})

test('a terminated query leaves its table, which cannot be read any more', async () => {
  await engine.execute(`${stream} CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
  expect(await engine.execute('TERMINATE ctas_t_1;')).toMatchObject([
    { commandStatus: { message: 'Query terminated.' } },
  ])
  expect(engine.sources.map((source) => source.name)).toEqual(['S', 'T'])
  await expect(engine.query('SELECT * FROM t;')).rejects.toThrow("isn't queryable")
})

test('a query starts where the session says, and the session lasts', async () => {
  await engine.execute(stream)
  await engine.insert('s', { k: 'old', v: 1 })
  await engine.execute('CREATE TABLE later AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;')
  await engine.execute(`SET 'auto.offset.reset'='earliest';`)
  await engine.execute('CREATE TABLE everything AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;')
  await engine.insert('s', { k: 'new', v: 1 })
  const consistency = engine.position()
  expect(await engine.query('SELECT k FROM later;', { consistency })).toEqual([{ K: 'new' }])
  expect(await engine.query('SELECT k FROM everything;', { consistency })).toHaveLength(2)
})

test('a replaced query goes on from where it was', async () => {
  await engine.execute(`${stream} CREATE STREAM t AS SELECT k, v FROM s;`)
  await engine.insert('s', { k: 'a', v: 1 })
  await engine.execute('CREATE OR REPLACE STREAM t AS SELECT k, v, v * 2 AS w FROM s WHERE v > 1;')
  expect(engine.queries.map((query) => query.id)).toEqual(['CSAS_T_1'])
  await engine.insert('s', [
    { k: 'b', v: 1 },
    { k: 'c', v: 2 },
  ])
  const seen: unknown[] = []
  for await (const change of engine.subscribe('t', { from: 'earliest' })) {
    seen.push(change.after)
    if (seen.length === 2) break
  }
  expect(seen).toEqual([
    { K: 'a', V: 1, W: null },
    { K: 'c', V: 2, W: 4 },
  ])
  await expect(
    engine.execute('CREATE OR REPLACE STREAM t AS SELECT k, v AS x FROM s;'),
  ).rejects.toThrow('changed, missing or reordered')
})

test('an undecodable record goes to the processing log and the query goes on', async () => {
  const entries: ProcessingLogEntry[] = []
  engine.on('processing-log', (entry) => entries.push(entry))
  await engine.execute(`${stream} CREATE TABLE t AS SELECT k, SUM(v) AS n FROM s GROUP BY k;`)
  await engine.insert('s', { k: 'a', v: 1 })
  await using producer = engine.kafka.producer({ lingerMs: 0 })
  await producer.init()
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  producer.send({ topic: 's', partition: 0, key: text('a'), value: text('{"V": nonsense') })
  await producer.flush()
  await engine.insert('s', { k: 'a', v: 2 })
  expect(await engine.query('SELECT * FROM t;', { consistency: engine.position() })).toEqual([
    { K: 'a', N: 3 },
  ])
  expect(entries).toMatchObject([
    { type: 'deserializationError', queryId: 'CTAS_T_1', topic: 's', partition: 0, offset: 1 },
  ])
  const topic = 'default_ksql_processing_log'
  await expect
    .poll(async () => (await engine.kafka.admin.describeTopic(topic))?.partitionCount)
    .toBe(1)
  await using consumer = engine.kafka.consumer()
  consumer.assign([{ topic, partition: 0, offset: 0 }])
  const [fetched] = await consumer.poll({ timeoutMs: 60_000 })
  expect(JSON.parse(new TextDecoder().decode(fetched!.records[0]!.value!))).toMatchObject({
    level: 'ERROR',
    message: { type: 0, deserializationError: { topic: 's', partition: 0, offset: 1 } },
  })
})

test('rows of one query, and of many at once, come whole', async () => {
  await engine.execute(`${stream} CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
  const rows = Array.from({ length: 3_000 }, (_, i) => ({ k: `key ${i}`, v: i }))
  expect(await engine.insert('s', rows)).toEqual({ count: 3_000 })
  await engine.query('SELECT * FROM t LIMIT 1;', { consistency: engine.position() })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0
        ? engine.query('SELECT * FROM t;')
        : engine.query('SELECT * FROM t WHERE k = ${k};', { variables: { k: `key ${i}` } }),
    ),
  )
  expect(answers.map((answer) => answer.length)).toEqual(
    answers.map((_, i) => (i % 2 === 0 ? 3_000 : 1)),
  )
})

test('a push query of a slow reader holds back its source and loses nothing', async () => {
  await engine.execute(stream)
  await engine.insert(
    's',
    Array.from({ length: 5_000 }, (_, i) => ({ k: 'k', v: i })),
  )
  let expected = 0
  for await (const row of engine.stream<{ V: number }>('SELECT v FROM s EMIT CHANGES LIMIT 5000;', {
    properties: { 'auto.offset.reset': 'earliest' },
    bufferedRowsMax: 10,
  })) {
    if (row.V !== expected) throw new Error(`row ${row.V} came instead of ${expected}`)
    expected += 1
    if (expected % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(expected).toBe(5_000)
  expect(engine.metrics().pushQueries).toBe(0)
})

test('windows are read by key, with their bounds', async () => {
  await engine.execute(`${stream}
    CREATE TABLE w AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY k;`)
  await engine.insert('s', [
    { k: 'a', v: 1, rowtime: 60_000 },
    { k: 'a', v: 2, rowtime: 60_001 },
    { k: 'a', v: 3, rowtime: 120_000 },
  ])
  const consistency = engine.position()
  expect(await engine.query("SELECT * FROM w WHERE k = 'a';", { consistency })).toEqual([
    { K: 'a', WINDOWSTART: 60_000, WINDOWEND: 120_000, N: 2 },
    { K: 'a', WINDOWSTART: 120_000, WINDOWEND: 180_000, N: 1 },
  ])
  expect(await engine.query("SELECT n FROM w WHERE k = 'a' AND windowstart >= 120000;")).toEqual([
    { N: 1 },
  ])
  expect(await engine.query('SELECT n FROM w;')).toHaveLength(2)
})

test('tables behind a windowed one, and final results, are read like it', async () => {
  await engine.execute(`${stream}
    CREATE TABLE w AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY k;
    CREATE TABLE next AS SELECT k, n + 1 AS m FROM w;
    CREATE TABLE last AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 0 SECONDS)
      GROUP BY k EMIT FINAL;`)
  await engine.insert('s', [
    { k: 'a', v: 1, rowtime: 1_000 },
    { k: 'aa', v: 1, rowtime: 2_000 },
    { k: 'a', v: 1, rowtime: 61_000 },
  ])
  const consistency = engine.position()
  const rows = (sql: string): Promise<unknown[][]> =>
    engine.query(sql, { consistency, rows: 'array' })
  expect(await rows("SELECT * FROM next WHERE k = 'a';")).toEqual([
    ['a', 0, 60_000, 2],
    ['a', 60_000, 120_000, 2],
  ])
  expect(await rows("SELECT * FROM next WHERE k > 'a';")).toEqual([['aa', 0, 60_000, 2]])
  expect(await rows('SELECT * FROM next WHERE windowstart = 0;')).toHaveLength(2)
  expect(await rows("SELECT n FROM last WHERE k = 'a';")).toEqual([[1]])
})

test('windows that close while time jumps past their retention are lost, unless asked for', async () => {
  const table = (name: string): string =>
    `CREATE TABLE ${name} AS SELECT k, COUNT(*) AS n FROM s
      WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 1 HOUR, GRACE PERIOD 0 SECONDS) GROUP BY k EMIT FINAL;`
  await engine.execute(stream)
  await engine.execute(table('lost'))
  await engine.execute(table('sent'), { properties: { 'varve.emit.final.complete': true } })
  await engine.insert('s', [
    { k: 'a', v: 1, rowtime: 1_000 },
    { k: 'a', v: 1, rowtime: 10_000_000 },
    { k: 'a', v: 1, rowtime: 10_060_000 },
  ])
  const sent: unknown[] = []
  for await (const { after } of engine.subscribe('sent', { from: 'earliest' })) {
    sent.push([after?.['WINDOWSTART'], after?.['N']])
    if (sent.length === 2) break
  }
  expect(sent).toEqual([
    [0, 1],
    [9_960_000, 1],
  ])
  for await (const { after } of engine.subscribe('lost', { from: 'earliest' })) {
    expect(after?.['WINDOWSTART']).toBe(9_960_000)
    break
  }
})

test('a SOURCE table can be read, a plain one not', async () => {
  await engine.execute(`CREATE TABLE plain (k STRING PRIMARY KEY, v INT) WITH (kafka_topic='t', partitions=1, value_format='json');
    CREATE SOURCE TABLE kept (k STRING PRIMARY KEY, v INT) WITH (kafka_topic='t', value_format='json');`)
  await engine.insert('plain', [
    { k: 'a', v: 1 },
    { k: 'a', v: 2 },
  ])
  expect(await engine.query('SELECT * FROM kept;', { consistency: engine.position() })).toEqual([
    { K: 'a', V: 2 },
  ])
  await expect(engine.query('SELECT * FROM plain;')).rejects.toThrow("isn't queryable")
  await expect(engine.insert('kept', { k: 'b', v: 1 })).rejects.toThrow('read-only')
  await engine.execute('DROP TABLE kept;')
})

test('several pipelines behind each other hold what was written before', async () => {
  await engine.execute(`${stream}
    CREATE STREAM big AS SELECT k, v FROM s WHERE v > 1 EMIT CHANGES;
    CREATE TABLE n AS SELECT k, COUNT(*) AS n FROM big GROUP BY k;`)
  await engine.insert('s', [
    { k: 'a', v: 1 },
    { k: 'a', v: 2 },
    { k: 'a', v: 3 },
  ])
  expect(await engine.query('SELECT * FROM n;', { consistency: engine.position() })).toEqual([
    { K: 'a', N: 2 },
  ])
  expect(engine.lineage().edges).toEqual([
    { from: 'S', to: 'CSAS_BIG_1' },
    { from: 'CSAS_BIG_1', to: 'BIG' },
    { from: 'BIG', to: 'CTAS_N_2' },
    { from: 'CTAS_N_2', to: 'N' },
  ])
})

test('questions are answered in the shapes of the original', async () => {
  await engine.execute(`${stream} CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
  const results = await engine.execute(
    'SHOW STREAMS; LIST TABLES; SHOW QUERIES; DESCRIBE t EXTENDED; DESCRIBE FUNCTION COUNT; EXPLAIN CTAS_T_1; EXPLAIN SELECT * FROM s EMIT CHANGES; SHOW PROPERTIES; SHOW TOPICS; SHOW FUNCTIONS;',
  )
  expect(results.map((result) => result['@type'])).toEqual([
    'streams',
    'tables',
    'queries',
    'sourceDescription',
    'describe_function',
    'queryDescription',
    'queryDescription',
    'properties',
    'kafka_topics',
    'function_names',
  ])
  expect(results[3]).toMatchObject({
    sourceDescription: {
      name: 'T',
      type: 'TABLE',
      partitions: 1,
      writeQueries: [{ id: 'CTAS_T_1' }],
      fields: [
        { name: 'K', type: 'KEY' },
        { name: 'N', schema: { type: 'BIGINT' } },
      ],
    },
  })
})

test('an engine that meets a command of a newer version serves what it has and accepts nothing', async () => {
  await engine.execute(stream)
  await engine.insert('s', { k: 'a', v: 1 })
  const degraded = Promise.withResolvers<string>()
  engine.on('degraded', ({ reason }) => degraded.resolve(reason))
  await using producer = engine.kafka.producer({ lingerMs: 0 })
  await producer.init()
  const value = new TextEncoder().encode(JSON.stringify({ version: 99 }))
  producer.send({ topic: '_confluent-ksql-default__command_topic', partition: 0, key: null, value })
  await producer.flush()
  expect(await degraded.promise).toContain('command format 99')
  expect(engine.status).toBe('degraded')
  expect(await engine.health()).toMatchObject({ kafka: true, commandRunner: false })
  expect(await engine.query('SELECT * FROM s;')).toEqual([{ K: 'a', V: 1 }])
  await expect(engine.execute('DROP STREAM s;')).rejects.toMatchObject({ reason: 'degraded' })
})

test('scripts that come at once are executed one after the other', async () => {
  await engine.execute(`${stream} CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
  expect(await engine.execute('SHOW TABLES;')).toMatchObject([{ tables: [{ name: 'T' }] }])
  await expect(
    Promise.all([
      engine.execute('CREATE TYPE address AS STRUCT<street STRING>;'),
      engine.execute('CREATE TYPE name AS STRUCT<first STRING>;'),
    ]),
  ).resolves.toHaveLength(2)
  expect(await engine.execute('SHOW TYPES;')).toMatchObject([
    { types: { ADDRESS: { type: 'STRUCT' }, NAME: { type: 'STRUCT' } } },
  ])
})

test('ASSERT waits for topics and schemas, and says what is otherwise', async () => {
  await engine.execute(stream)
  expect(
    await engine.execute("ASSERT TOPIC 's' WITH (partitions = 1); ASSERT NOT EXISTS TOPIC 'nope';"),
  ).toMatchObject([
    { '@type': 'assert_topic', topicName: 's', exists: true },
    { '@type': 'assert_topic', topicName: 'nope', exists: false },
  ])
  await expect(
    engine.execute("ASSERT TOPIC 's' WITH (partitions = 3) TIMEOUT 1 MILLISECONDS;"),
  ).rejects.toMatchObject({
    reason: 'assertion',
    message: expect.stringContaining('expected 3 got 1'),
  })
  const asserted = engine.execute('ASSERT SCHEMA SUBJECT later TIMEOUT 5 SECONDS;')
  const id = await engine.schemaRegistry.register('later', {
    schemaType: 'AVRO',
    schema: '"string"',
  })
  expect(await asserted).toMatchObject([{ '@type': 'assert_schema', exists: true }])
  await engine.execute(`ASSERT SCHEMA ID ${id}; ASSERT NOT EXISTS SCHEMA ID ${id + 1};`)
  await expect(
    engine.execute(`ASSERT NOT EXISTS SCHEMA ID ${id} TIMEOUT 1 MILLISECONDS;`),
  ).rejects.toMatchObject({ reason: 'assertion' })
})
