import { EnvelopeWriter, type ChangeRecord, type WritableChange } from '@varve/cdc-debezium'
import { SqlTypes } from '@varve/serde'
import { expect, test, vi } from 'vitest'

import { Engine } from './engine.ts'
import type { Position } from './position.ts'

const topic = 'shop.public.users'
/** For what comes by itself, sooner or later. */
const waiting = { timeout: 60_000 }
const text = (bytes: Uint8Array | null | undefined): string =>
  new TextDecoder().decode(bytes ?? undefined)
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** Sends records, keyed ones to the partition of their key. */
async function send(
  engine: Engine,
  records: readonly ChangeRecord[],
  partition = 0,
): Promise<Position> {
  await using producer = engine.kafka.producer({ lingerMs: 0 })
  await producer.init()
  for (const { key, value, headers } of records)
    producer.send({ topic, partition, key, value, ...(headers === undefined ? {} : { headers }) })
  await producer.flush()
  const [end] = await engine.kafka.admin.endOffsets([{ topic, partition }], 'read_committed')
  return { offsets: { [topic]: { [partition]: end!.offset } } }
}

async function openWithTopic(partitionCount = 1): Promise<Engine> {
  const engine = await Engine.open({ directory: ':memory:' })
  await engine.kafka.admin.createTopic({ name: topic, partitionCount })
  return engine
}

const writerOf = (engine: Engine, format: 'json' | 'json-schema' | 'avro'): EnvelopeWriter =>
  new EnvelopeWriter({
    topic,
    table: { schema: 'public', name: 'users' },
    columns: [
      { name: 'id', type: 'int64' },
      { name: 'name', type: SqlTypes.STRING },
      { name: 'total', type: { kind: 'DECIMAL', precision: 10, scale: 2 } },
      { name: 'seen', type: 'io.debezium.time.MicroTimestamp' },
    ],
    keyColumns: ['id'],
    format,
    registry: engine.schemaRegistry,
    now: () => 5,
  })

const total = { unscaled: 1250n, scale: 2 }
const changes: readonly WritableChange[] = [
  { after: [1, 'Anne', total, 1710928800123456n], position: 1, snapshot: true },
  { after: [2, 'Bob', null, null], position: 2 },
  { before: [1, 'Anne', null, null], after: [1, 'Anna', total, 1710928800123456n], position: 3 },
  { after: [3, 'Carl', null, null], position: 4 },
  { before: [2, 'Bob', null, null], position: 5 },
  { before: [3, 'Carl', null, null], after: [4, 'Carl', null, null], position: 6 },
]
const declared = '(id BIGINT PRIMARY KEY, name STRING, total DECIMAL(10, 2), seen BIGINT)'

test.each([
  ['DEBEZIUM_JSON', 'json-schema', ''],
  ['DEBEZIUM_AVRO', 'avro', ''],
  ['DEBEZIUM_JSON', 'json', declared],
  ['DEBEZIUM_JSON', 'json-schema', declared],
] as const)(
  'a table of %s written as %s %s holds the rows themselves',
  async (format, written, columns) => {
    await using engine = await openWithTopic()
    const writer = writerOf(engine, written)
    await writer.ensureRegistered()
    const records = changes.flatMap((change) => writer.write(change))
    await send(engine, records)
    await engine.execute(
      `CREATE TABLE users ${columns} WITH (kafka_topic = '${topic}', value_format = '${format}');
     CREATE TABLE copy AS SELECT * FROM users;
     CREATE TABLE names AS SELECT name, COUNT(*) AS n FROM users GROUP BY name;`,
      { properties: { 'auto.offset.reset': 'earliest' } },
    )
    // A connector that starts again sends its last events again.
    const position = await send(engine, records.slice(2))
    const rows = await engine.query('SELECT * FROM copy;', { consistency: position })
    const seen = columns === '' ? 1710928800123 : 1710928800123456
    const shown = rows.map(({ ID, NAME, SEEN }) => ({ ID, NAME, SEEN }))
    expect(shown).toHaveLength(2)
    expect(shown).toEqual(
      expect.arrayContaining([
        { ID: 1, NAME: 'Anna', SEEN: seen },
        { ID: 4, NAME: 'Carl', SEEN: null },
      ]),
    )
    expect(rows.find(({ ID }) => ID === 1)?.['TOTAL']).toMatchObject(total)
    const names = await engine.query('SELECT * FROM names;', { consistency: position })
    expect(names.map(({ NAME, N }) => `${String(NAME)} ${String(N)}`).toSorted()).toEqual([
      'Anna 1',
      'Carl 1',
    ])
  },
)

test('a stream has the changes with their operation, old and new row', async () => {
  await using engine = await openWithTopic()
  const writer = writerOf(engine, 'json-schema')
  await send(
    engine,
    changes.slice(0, 5).flatMap((change) => writer.write(change)),
  )
  await engine.execute(
    `CREATE STREAM changes WITH (kafka_topic = '${topic}', value_format = 'DEBEZIUM_JSON', before_is_complete = true);
     CREATE STREAM out WITH (value_format = 'JSON') AS
       SELECT id, name, op, before->name AS old, after->name AS new, source_time FROM changes;`,
    { properties: { 'auto.offset.reset': 'earliest' } },
  )
  const seen: unknown[] = []
  for await (const { after } of engine.subscribe('out', { from: 'earliest' })) {
    seen.push(Object.values(after!))
    if (seen.length === 5) break
  }
  expect(seen).toEqual([
    [1, 'Anne', 'r', null, 'Anne', 5],
    [2, 'Bob', 'c', null, 'Bob', 5],
    [1, 'Anna', 'u', 'Anne', 'Anna', 5],
    [3, 'Carl', 'c', null, 'Carl', 5],
    [2, null, 'd', 'Bob', null, 5],
  ])
})

const event = (op: string, lsn: number, after: object | null): ChangeRecord => ({
  key: bytes({ id: 1 }),
  value: bytes({
    before: null,
    after,
    op,
    source: { connector: 'postgresql', table: 'users', lsn, sequence: `["${lsn - 1}","${lsn}"]` },
  }),
})
const unavailable = '__debezium_unavailable_value'

test('columns that were not sent keep their value, and are named in streams', async () => {
  await using engine = await openWithTopic()
  const position = await send(engine, [
    event('c', 10, { id: 1, name: 'large', n: 1 }),
    event('u', 20, { id: 1, name: unavailable, n: 2 }),
    event('c', 10, { id: 1, name: 'large', n: 1 }),
  ])
  await engine.execute(
    `CREATE TABLE users (id INT PRIMARY KEY, name STRING, n INT)
       WITH (kafka_topic = '${topic}', value_format = 'DEBEZIUM_JSON');
     CREATE TABLE copy AS SELECT * FROM users;
     CREATE STREAM changes (id INT KEY, name STRING, n INT)
       WITH (kafka_topic = '${topic}', value_format = 'DEBEZIUM_JSON');
     CREATE STREAM missing AS SELECT id, unavailable FROM changes;`,
    { properties: { 'auto.offset.reset': 'earliest' } },
  )
  const rows = await engine.query('SELECT * FROM copy;', { consistency: position })
  expect(rows).toEqual([{ ID: 1, NAME: 'large', N: 2 }])
  const missing: unknown[] = []
  for await (const { after } of engine.subscribe('missing', { from: 'earliest' })) {
    missing.push(after!['UNAVAILABLE'])
    if (missing.length === 3) break
  }
  expect(missing).toEqual([[], ['NAME'], []])
})

test('dates without schema are days or text', async () => {
  await using engine = await openWithTopic()
  const position = await send(engine, [
    event('c', 10, { id: 1, d: 1, e: '1970-01-02Z' }),
    event('u', 20, { id: 1, d: -1, e: '1969-12-31Z' }),
  ])
  await engine.execute(
    `CREATE TABLE users (id INT PRIMARY KEY, d DATE, e DATE)
       WITH (kafka_topic = '${topic}', value_format = 'DEBEZIUM_JSON');
     CREATE TABLE copy AS SELECT id, d = e AS same FROM users;`,
    { properties: { 'auto.offset.reset': 'earliest' } },
  )
  const rows = await engine.query('SELECT * FROM copy;', { consistency: position })
  expect(rows).toEqual([{ ID: 1, SAME: true }])
})

test('what cannot be read goes to the processing log and to the dead-letter topic as it was', async () => {
  await using engine = await openWithTopic()
  const messages: string[] = []
  engine.on('processing-log', ({ message }) => messages.push(message))
  const bad = {
    key: bytes({ id: 1 }),
    value: new TextEncoder().encode('{"op":"x","source":{},"af'),
  }
  const position = await send(engine, [bad, event('c', 10, { id: 1, name: 'a' })])
  await engine.execute(
    `CREATE TABLE users (id INT PRIMARY KEY, name STRING)
       WITH (kafka_topic = '${topic}', value_format = 'DEBEZIUM_JSON', dead_letter_topic = 'dead');
     CREATE TABLE copy AS SELECT * FROM users;`,
    { properties: { 'auto.offset.reset': 'earliest' } },
  )
  expect(await engine.query('SELECT * FROM copy;', { consistency: position })).toHaveLength(1)
  await using consumer = engine.kafka.consumer()
  await vi.waitUntil(
    async () => (await engine.kafka.admin.describeTopic('dead')) !== undefined,
    waiting,
  )
  consumer.assign([{ topic: 'dead', partition: 0, offset: 0 }])
  const letters = await vi.waitUntil(
    async () => (await consumer.poll({ timeoutMs: 500 }))[0]?.records,
    waiting,
  )
  expect(text(letters[0]!.value)).toBe(text(bad.value))
  expect(text(letters[0]!.key)).toBe('{"id":1}')
  const headers = Object.fromEntries(
    letters[0]!.headers.map(({ key, value }) => [key, text(value)]),
  )
  expect(headers).toMatchObject({
    '__connect.errors.topic': topic,
    '__connect.errors.partition': '0',
    '__connect.errors.offset': '0',
  })
  expect(messages).toHaveLength(1)
})

const state = async (engine: Engine, failing: RegExp): Promise<string> => {
  const errors: string[] = []
  engine.on('query-state', ({ error }) => {
    if (error instanceof Error) errors.push(error.message)
  })
  return vi.waitUntil(() => errors.find((message) => failing.test(message)), waiting)
}

const queryOver = (columns: string): string =>
  `CREATE TABLE users ${columns} WITH (kafka_topic = '${topic}', value_format = 'DEBEZIUM_JSON');
   CREATE TABLE copy AS SELECT * FROM users;`
const earliest = { properties: { 'auto.offset.reset': 'earliest' } }

test('a column that was added is null in older rows', async () => {
  await using engine = await openWithTopic()
  await send(engine, [event('c', 10, { id: 1, name: 'a' })])
  await engine.execute(queryOver('(id INT PRIMARY KEY, name STRING, added INT)'), earliest)
  const position = await send(engine, [
    { ...event('c', 20, { id: 2, name: 'b', added: 5 }), key: bytes({ id: 2 }) },
  ])
  const rows = await engine.query('SELECT * FROM copy;', { consistency: position })
  expect(new Set(rows.map(({ ADDED }) => ADDED))).toEqual(new Set([5, null]))
})

test('a column that is dropped at its source ends the query by name', async () => {
  await using engine = await openWithTopic()
  await send(engine, [event('c', 10, { id: 1, name: 'a' }), event('u', 20, { id: 1 })])
  const ended = state(engine, /column "NAME" is not sent any more/)
  await engine.execute(queryOver('(id INT PRIMARY KEY, name STRING)'), earliest)
  expect(await ended).toContain('Drop it and create it again')
})

test('a column of another type ends the query by name', async () => {
  await using engine = await openWithTopic()
  const writer = writerOf(engine, 'json-schema')
  await send(engine, writer.write({ after: [1, 'a', null, null] }))
  const ended = state(engine, /column "NAME": string is no INTEGER/)
  await engine.execute(queryOver('(id BIGINT PRIMARY KEY, name INT)'), earliest)
  expect(await ended).toContain('has changed')
})

test('a truncate ends a table, whose partitions cannot follow it, and is a row of a stream', async () => {
  await using engine = await openWithTopic()
  const writer = writerOf(engine, 'json-schema')
  await send(engine, [...writer.write(changes[0]!), writer.truncate({ position: 9 })])
  const ended = state(engine, /was truncated/)
  await engine.execute(
    `${queryOver('')}
     CREATE STREAM changes WITH (kafka_topic = '${topic}', value_format = 'DEBEZIUM_JSON');
     CREATE STREAM ops AS SELECT id, op FROM changes;`,
    earliest,
  )
  await ended
  const ops: unknown[] = []
  for await (const { after } of engine.subscribe('ops', { from: 'earliest' })) {
    ops.push(after!['OP'])
    if (ops.length === 2) break
  }
  expect(ops).toEqual(['r', 't'])
})

test('tables of change events are joined by keys of whatever bytes', async () => {
  await using engine = await openWithTopic(3)
  const writer = writerOf(engine, 'json-schema')
  for (let id = 0; id < 12; id++)
    await send(engine, writer.write({ after: [id, `n${id}`, null, null] }), id % 3)
  await engine.execute(
    `CREATE TABLE users WITH (kafka_topic = '${topic}', value_format = 'DEBEZIUM_JSON');
     CREATE STREAM orders (user_id BIGINT KEY, what STRING)
       WITH (kafka_topic = 'orders', partitions = 3, value_format = 'JSON');
     CREATE STREAM named AS SELECT user_id, what, name FROM orders o JOIN users u ON o.user_id = u.id;`,
    earliest,
  )
  const joined: string[] = []
  const reading = (async () => {
    for await (const { after } of engine.subscribe('named', { from: 'earliest' })) {
      joined.push(String(after!['NAME']))
      if (joined.length === 12) return
    }
  })()
  for (let id = 0; id < 12; id++) await engine.insert('orders', { user_id: id, what: 'x' })
  await reading
  expect(joined.toSorted()).toEqual(Array.from({ length: 12 }, (_, id) => `n${id}`).toSorted())
})

test('the format is for reading only', async () => {
  await using engine = await openWithTopic()
  await engine.execute(queryOver('(id INT PRIMARY KEY, name STRING)'))
  await expect(
    engine.execute(`CREATE TABLE t WITH (value_format = 'DEBEZIUM_JSON') AS SELECT * FROM users;`),
  ).rejects.toThrow('for reading only')
  await expect(engine.insert('users', { id: 1, name: 'a' })).rejects.toThrow('does not write rows')
})

test('a topic without records that tell its columns asks for them', async () => {
  await using engine = await openWithTopic()
  await expect(engine.execute(queryOver(''))).rejects.toThrow('No record')
})
