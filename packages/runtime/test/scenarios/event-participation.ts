import { createRowSerde, type Columns, type Row, type SqlType } from '@varve/serde'
import { scanScript } from '@varve/sql'
import { expect, test } from 'vitest'

import type { Engine, Position } from '../../src/index.ts'
import type { Place } from './on-each-broker.ts'
import { readScenario } from './read-scenario.ts'

/** The pipeline as its user wrote it, without its two sources: these differ between the formats. */
const pipeline = scanScript(readScenario('event-participation'))
  .statements.slice(2)
  .map(({ text }) => text)
  .join('\n')

const submitTopic = 'EVENT_MYSQL.EVENT.SUBMIT'
const nameTopic = 'EVENT_MYSQL.EVENT.NAME'

const names = [
  { op: 'r', after: [101, '첫 이름'] },
  { op: 'c', after: [102, '한여름 이벤트'] },
  { op: 'u', after: [101, '봄 맞이 이벤트'] },
] as const

const submissions = [
  { op: 'r', after: [1, 101, '2024-03-20T10:00:00Z'] },
  { op: 'c', after: [2, 101, '2024-03-20T10:00:05Z'] },
  { op: 'u', after: [2, 101, '2024-03-20T10:00:06Z'] },
  { op: 'c', after: [3, 102, '2024-03-20T10:00:10Z'] },
  { op: 'd', after: null },
] as const

type Encode = (
  engine: Engine,
  topic: string,
  rows: readonly { op: string; after: Row | null }[],
) => Promise<Uint8Array[]>

const fields: Readonly<Record<string, readonly (readonly [string, SqlType])[]>> = {
  [nameTopic]: [
    ['id', { kind: 'INTEGER' }],
    ['name', { kind: 'STRING' }],
  ],
  [submitTopic]: [
    ['user_id', { kind: 'INTEGER' }],
    ['event_id', { kind: 'INTEGER' }],
    ['created_at', { kind: 'STRING' }],
  ],
}

const encodeAvro: Encode = async (engine, topic, rows) => {
  const after: SqlType = {
    kind: 'STRUCT',
    fields: fields[topic]!.map(([name, type]) => ({ name, type })),
  }
  const columns: Columns = [
    { name: 'before', type: after },
    { name: 'after', type: after },
    { name: 'op', type: { kind: 'STRING' } },
  ]
  const serde = createRowSerde({ format: 'AVRO' }, columns, {
    side: 'value',
    topic,
    registry: engine.schemaRegistry,
  })
  await serde.ensureRegistered()
  return rows.map((row) => serde.serialize([null, row.after, row.op])!)
}

const jsonEnvelope = (topic: string, row: { op: string; after: Row | null }): object => ({
  before: null,
  after:
    row.after === null
      ? null
      : Object.fromEntries(fields[topic]!.map(([name], i) => [name, row.after![i]])),
  op: row.op,
})

const encodeJson: Encode = (_engine, topic, rows) =>
  Promise.resolve(
    rows.map((row) => new TextEncoder().encode(JSON.stringify(jsonEnvelope(topic, row)))),
  )

const encodeWrapped: Encode = (_engine, topic, rows) =>
  Promise.resolve(
    rows.map((row) =>
      new TextEncoder().encode(
        JSON.stringify({ schema: { type: 'struct' }, payload: jsonEnvelope(topic, row) }),
      ),
    ),
  )

const declared = (topic: string): string => {
  const struct = `STRUCT<${fields[topic]!.map(([name, type]) => `${name} ${type.kind}`).join(', ')}>`
  return `before ${struct}, after ${struct}, op STRING`
}

const avroSources = `
  create stream \`stg_submit\` with (kafka_topic='${submitTopic}', value_format='AVRO');
  create stream \`stg_name\` with (kafka_topic='${nameTopic}', value_format='AVRO');`

const jsonSources = `
  create stream \`stg_submit\` (${declared(submitTopic)}) with (kafka_topic='${submitTopic}', value_format='JSON');
  create stream \`stg_name\` (${declared(nameTopic)}) with (kafka_topic='${nameTopic}', value_format='JSON');`

const unwrap = (topic: string, raw: string, staged: string): string => `
  create stream ${raw} (payload STRUCT<${declared(topic)}>)
    with (kafka_topic='${topic}', value_format='JSON');
  create stream \`${staged}\` as
    select payload->before as before, payload->after as after, payload->op as op from ${raw};`

const wrappedSources =
  unwrap(submitTopic, 'raw_submit', 'stg_submit') + unwrap(nameTopic, 'raw_name', 'stg_name')

async function produce(
  engine: Engine,
  topic: string,
  values: readonly Uint8Array[],
): Promise<Position> {
  await using producer = engine.kafka.producer({ lingerMs: 0 })
  await producer.init()
  for (const value of values) producer.send({ topic, partition: 0, key: null, value })
  await producer.flush()
  return { offsets: { [topic]: { 0: values.length } } }
}

/** Waits until so many different keys can be read, committed, from the only partition of a topic. */
async function committed(engine: Engine, topic: string, keyCount: number): Promise<void> {
  await using consumer = engine.kafka.consumer({ isolationLevel: 'read_committed' })
  consumer.assign([{ topic, partition: 0, offset: 0 }])
  const keys = new Set<string>()
  while (keys.size < keyCount) {
    for (const { records } of await consumer.poll({ timeoutMs: 500 }))
      for (const { key } of records) keys.add(Buffer.from(key!).toString('hex'))
  }
}

/** Declares the tests of the stream-table join over change events. */
export function eventParticipation(place: () => Place): void {
  test.each<[string, string, Encode]>([
    ['Avro through the embedded registry', avroSources, encodeAvro],
    ['JSON envelopes', jsonSources, encodeJson],
    ['JSON envelopes within schema and payload', wrappedSources, encodeWrapped],
  ])(
    'submissions are joined with the names of their events: %s',
    async (_name, sources, encode) => {
      await using engine = await place().open()
      for (const topic of [submitTopic, nameTopic]) {
        await engine.kafka.admin.createTopic({ name: topic, partitionCount: 1 })
      }
      const nameBytes = await encode(engine, nameTopic, names)
      const submissionBytes = await encode(engine, submitTopic, submissions)
      await engine.execute(sources + pipeline, { properties: { 'auto.offset.reset': 'earliest' } })

      const named = await produce(engine, nameTopic, nameBytes)
      const table = await engine.query('SELECT * FROM `tb_event_name`;', { consistency: named })
      expect(new Map(table.map((row) => [row['id'], row['name']]))).toEqual(
        new Map([
          [101, '봄 맞이 이벤트'],
          [102, '한여름 이벤트'],
        ]),
      )

      // Shown is not yet committed: the join reads the names from the table's topic when its transaction is over.
      await committed(engine, 'TABLE.EVENT.NAME', 2)
      await produce(engine, submitTopic, submissionBytes)
      const joined: unknown[] = []
      for await (const change of engine.subscribe('`stm_event_name_join`', { from: 'earliest' })) {
        joined.push(change.after)
        if (joined.length === 3) break
      }
      expect(joined).toEqual([
        { user_id: 1, event_name: '봄 맞이 이벤트', event_time: '2024-03-20T10:00:00Z' },
        { user_id: 2, event_name: '봄 맞이 이벤트', event_time: '2024-03-20T10:00:05Z' },
        { user_id: 3, event_name: '한여름 이벤트', event_time: '2024-03-20T10:00:10Z' },
      ])

      await using consumer = engine.kafka.consumer()
      const partition = { topic: 'STREAM.EVENT.JOIN', partition: 0 }
      consumer.assign([{ ...partition, offset: 0 }])
      const [first] = await consumer.poll({ timeoutMs: 60_000 })
      const text = (bytes: Uint8Array | null): string =>
        new TextDecoder().decode(bytes ?? undefined)
      expect(text(first!.records[0]!.key)).toBe('1')
      expect(text(first!.records[0]!.value)).toBe(
        '{"event_name":"봄 맞이 이벤트","event_time":"2024-03-20T10:00:00Z"}',
      )
    },
  )
}
