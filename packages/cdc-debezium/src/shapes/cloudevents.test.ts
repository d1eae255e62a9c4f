import { InMemorySchemaRegistry } from '@varve/serde'
import { expect, test } from 'vitest'

import type { Change, ChangeRecord } from '../change.ts'
import { ChangeDecoder } from '../change-decoder.ts'
import { decodeChange } from '../decode-change.ts'
import type { ChangeDecoderOptions } from '../options.ts'

const utf8 = new TextEncoder()
const json = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value))

function decode(
  value: object,
  record: Partial<ChangeRecord> = {},
  options: ChangeDecoderOptions = {},
): Change {
  return decodeChange({ key: null, value: json(value), ...record }, options)
}

const event = (connector: string, more: object): object => ({
  id: 'x',
  source: `/debezium/${connector}/p`,
  specversion: '1.0',
  type: `io.debezium.connector.${connector}.DataChangeEvent`,
  time: '2020-01-13T13:55:39.738Z',
  datacontenttype: 'application/json',
  ...more,
})
const mongodb = {
  iodebeziumconnector: 'mongodb',
  iodebeziumname: 'p',
  iodebeziumtsms: '1558965515000',
  iodebeziumsnapshot: 'false',
  iodebeziumdb: 'inventory',
  iodebeziumcollection: 'customers',
  iodebeziumord: '31',
}
const mongodbKey = { key: json({ id: '{"$oid":"596e275826f08b2730779e1f"}' }) }

test('a document of MongoDB is read as in its envelope', () => {
  const data = { before: null, after: '{"_id":{"$oid":"596e275826f08b2730779e1f"},"a":1}' }
  const change = decode(event('mongodb', { ...mongodb, iodebeziumop: 'c', data }), mongodbKey)
  expect(change).toMatchObject({
    kind: 'row',
    shape: 'cloudevents',
    op: 'c',
    opInferred: false,
    effect: 'upsert',
    after: { a: 1 },
    table: { database: 'inventory', name: 'customers' },
    document: { id: { hex: '596e275826f08b2730779e1f' }, afterMayBeNewer: false },
    source: { position: { tsMs: 1558965515000, ord: 31 } },
  })
  expect(change.kind === 'row' && change.time?.epochMilliseconds).toBe(1558965515000)
})

test('an update of MongoDB without its document is a patch', () => {
  const updateDescription = {
    removedFields: ['b'],
    updatedFields: '{"a":2}',
    truncatedArrays: null,
  }
  const data = { before: null, after: null, updateDescription }
  const patch = {
    op: 'u',
    effect: 'patch',
    after: null,
    document: { update: { removedFields: ['b'] } },
  }
  expect(
    decode(event('mongodb', { ...mongodb, iodebeziumop: 'u', data }), mongodbKey),
  ).toMatchObject(patch)
  // Without extension attributes the type tells the connector, and the description the operation.
  expect(decode(event('mongodb', { data }), mongodbKey)).toMatchObject({
    ...patch,
    opInferred: true,
  })
  const gone = { before: null, after: null, updateDescription: null }
  expect(decode(event('mongodb', { data: gone }), mongodbKey)).toMatchObject({
    op: 'd',
    effect: 'delete',
  })
})

test('members of each connector come back from their attributes', () => {
  const data = { before: null, after: { id: 1 } }
  const sqlserver = {
    iodebeziumconnector: 'sqlserver',
    iodebeziumop: 'r',
    iodebeziumsnapshot: 'first',
    iodebeziumchangelsn: '00000027:00000758:0003',
    iodebeziumcommitlsn: '00000027:00000758:0005',
    iodebeziumeventserialno: '2',
    iodebeziumtsns: '1558965515000000001',
    data,
  }
  const change = decode(event('sqlserver', sqlserver))
  expect(change).toMatchObject({
    op: 'r',
    source: {
      snapshot: 'first',
      position: {
        commitLsn: '00000027:00000758:0005',
        changeLsn: '00000027:00000758:0003',
        eventSerialNo: 2n,
      },
    },
  })
  expect(change.kind === 'row' && change.time?.epochNanoseconds).toBe(1558965515000000001n)
  const spanner = {
    iodebeziumconnector: 'spanner',
    iodebeziumop: 'u',
    iodebeziummodnumber: 3,
    data,
  }
  expect(decode(event('spanner', spanner))).toMatchObject({
    rowsMayBePartial: true,
    source: { position: { modNumber: 3 } },
  })
})

test('a truncate is one', () => {
  const truncate = { iodebeziumconnector: 'postgresql', iodebeziumop: 't', iodebeziumtable: 't' }
  expect(decode(event('postgresql', { ...truncate, data: null }))).toMatchObject({
    kind: 'truncate',
    effect: 'truncate',
    source: { table: { name: 't' } },
  })
})

test('attributes may be in headers, with the data alone as the value', () => {
  const attributes = event('mysql', {
    iodebeziumconnector: 'mysql',
    iodebeziumop: 'u',
    iodebeziumpos: '7',
  })
  const headers = Object.entries(attributes).map(([name, value]) => ({
    key: `ce_${name}`,
    value: utf8.encode(String(value)),
  }))
  const fields = ['before', 'after'].map((field) => ({
    field,
    type: 'struct',
    optional: true,
    fields: [{ field: 'd', type: 'int32', name: 'io.debezium.time.Date' }],
  }))
  const rows = { before: { d: 0 }, after: { d: 1 } }
  for (const value of [{ schema: { type: 'struct', fields }, payload: rows }]) {
    const change = decode(value, { headers })
    expect(change).toMatchObject({
      shape: 'cloudevents',
      op: 'u',
      source: { position: { pos: 7n } },
    })
    expect(change.kind === 'row' && String(change.after!['d'])).toBe('1970-01-02')
    expect(change.kind === 'row' && String(change.beforeTrusted!['d'])).toBe('1970-01-01')
  }
})

test('with its own schema an event is not taken for an envelope', () => {
  const field = (name: string, type = 'string'): object => ({ field: name, type, optional: true })
  const row = { type: 'struct', optional: true, fields: [field('id', 'int64')] }
  const schema = {
    type: 'struct',
    name: 'p.inventory.CloudEvents.Envelope',
    fields: [
      ...['id', 'source', 'specversion', 'type', 'iodebeziumop'].map((name) => field(name)),
      {
        field: 'data',
        type: 'struct',
        fields: [
          { ...row, field: 'before' },
          { ...row, field: 'after' },
        ],
      },
    ],
  }
  const payload = event('mysql', { iodebeziumop: 'c', data: { before: null, after: { id: 1 } } })
  expect(decode({ schema, payload })).toMatchObject({
    shape: 'cloudevents',
    op: 'c',
    after: { id: 1n },
  })
})

const string = (value: string): number[] => [value.length * 2, ...utf8.encode(value)]

test('an event in Avro has its data as a record, or framed on its own', async () => {
  const registry = new InMemorySchemaRegistry()
  const row = { type: 'record', name: 'Value', fields: [{ name: 'id', type: 'int' }] }
  const rows = {
    type: 'record',
    name: 'Data',
    fields: [
      { name: 'before', type: ['null', row] },
      { name: 'after', type: ['null', 'Value'] },
    ],
  }
  const attributes = ['id', 'source', 'specversion', 'type', 'iodebeziumop']
  const outer = (name: string, data: unknown): string =>
    JSON.stringify({
      type: 'record',
      name: 'Envelope',
      namespace: `p.${name}.CloudEvents`,
      fields: [
        ...attributes.map((attribute) => ({ name: attribute, type: 'string' })),
        { name: 'data', type: data },
      ],
    })
  const register = (schema: string): Promise<number> =>
    registry.register(schema, { schemaType: 'AVRO', schema })
  const inner = await register(JSON.stringify(rows))
  const nested = await register(outer('a', rows))
  const framed = await register(outer('b', 'bytes'))
  const data = [0, 2, 14]
  const head = ['x', '/debezium/mysql/p', '1.0', 'y', 'c'].flatMap(string)
  const bytes = [0, 0, 0, 0, inner, ...data]
  for (const value of [
    [0, 0, 0, 0, nested, ...head, ...data],
    [0, 0, 0, 0, framed, ...head, bytes.length * 2, ...bytes],
  ]) {
    const decoder = new ChangeDecoder({ registry })
    const record = { key: null, value: Uint8Array.from(value) }
    await decoder.prepare(record)
    expect(decoder.decode(record)).toMatchObject({
      shape: 'cloudevents',
      op: 'c',
      before: null,
      after: { id: 7 },
    })
  }
})
