import { expect, test } from 'vitest'

import type { Change, RowChange } from './change.ts'
import { decodeChange } from './decode-change.ts'
import type { ChangeDecoderOptions } from './options.ts'
import { UNAVAILABLE } from './values/values.ts'

const utf8 = new TextEncoder()
const json = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value))
const decode = (value: object, options: ChangeDecoderOptions = {}): Change =>
  decodeChange({ key: json({ id: 1 }), value: json(value) }, options)

function row(value: object, options: ChangeDecoderOptions = {}): RowChange {
  const change = decode({ before: null, after: { id: 1 }, op: 'c', ...value }, options)
  if (change.kind !== 'row') throw new Error(change.kind)
  return change
}

test('sources before 1.0 have their own times, and need not name their connector', () => {
  const mysql = row({
    source: {
      name: 'p',
      server_id: 1,
      ts_sec: 1500000000,
      file: 'f.000001',
      pos: 4,
      row: 0,
      db: 'd',
      table: 't',
    },
  })
  expect(mysql.source).toMatchObject({
    connector: 'mysql',
    snapshot: 'false',
    position: { pos: 4n },
  })
  expect(mysql.time?.epochMilliseconds).toBe(1500000000000)
  for (const ts_usec of [1500000000000001, 1500000000000001000]) {
    const postgres = row({ source: { name: 'p', ts_usec, txId: 7, lsn: 5, snapshot: true } })
    expect(postgres.source).toMatchObject({ connector: 'postgresql', snapshot: 'true' })
    expect(postgres.time?.epochMilliseconds).toBe(1500000000000)
  }
  const mongodb = row({
    after: '{"_id":1}',
    source: { name: 'p', rs: 'rs0', ns: 'd.a.b', sec: 1500000000, ord: 1, h: 5, initsync: true },
  })
  expect(mongodb).toMatchObject({ shape: 'mongodb', table: { database: 'd', name: 'a.b' } })
})

test('a block names its connector by its schema', () => {
  const field = (name: string, type: string): object => ({ field: name, type, optional: true })
  const schema = {
    type: 'struct',
    name: 'p.t.Envelope',
    fields: [
      { ...field('after', 'struct'), fields: [field('id', 'int32')] },
      {
        ...field('source', 'struct'),
        name: 'io.debezium.connector.oracle.Source',
        fields: [field('scn', 'string')],
      },
      field('op', 'string'),
    ],
  }
  const payload = { after: { id: 1 }, source: { scn: '12' }, op: 'c' }
  expect(decode({ schema, payload })).toMatchObject({
    source: { connector: 'oracle', position: { scn: '12' } },
  })
})

test('young connectors are read as those they come from', () => {
  expect(
    row({ source: { connector: 'yashandb', name: 'p', scn: '12' } }).source?.position,
  ).toMatchObject({
    scn: '12',
  })
  const ingres = row({
    source: { connector: 'ingres', name: 'p', commit_lsn: '5' },
    transaction: { id: '7:5', total_order: 1, data_collection_order: 1 },
  })
  expect(ingres).toMatchObject({ transactionKey: '7', source: { position: { commitLsn: '5' } } })
})

test.each([
  ['1.9', 'false', 'false'],
  ['2.x', 'first_in_data_collection', 'first_in_data_collection'],
  ['booleans', true, 'true'],
  ['null', null, 'false'],
])('marks of snapshots: %s', (_, snapshot, text) => {
  expect(row({ source: { connector: 'mysql', name: 'p', snapshot } }).source?.snapshot).toBe(text)
})

test('the rank of a transaction is a decimal, with and without its schema', () => {
  const transaction = {
    id: '[]',
    total_order: 1,
    data_collection_order: 1,
    transaction_epoch: 2,
    transaction_rank: 'AQA=',
  }
  const source = { connector: 'vitess', name: 'p' }
  expect(row({ source, transaction }).transaction).toMatchObject({ epoch: 2n, rank: '256' })
  const field = (name: string, type: string, more: object = {}): object => ({
    field: name,
    type,
    optional: true,
    ...more,
  })
  const decimal = { name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '0' } }
  const schema = {
    type: 'struct',
    name: 'p.t.Envelope',
    fields: [
      field('after', 'struct', { fields: [field('id', 'int32')] }),
      field('transaction', 'struct', {
        fields: [field('id', 'string'), field('transaction_rank', 'bytes', decimal)],
      }),
      field('op', 'string'),
    ],
  }
  expect(decode({ schema, payload: { after: { id: 1 }, transaction, op: 'c' } })).toMatchObject({
    transaction: { rank: '256' },
  })
})

test('the schema of a message goes before the encoding that is told', () => {
  const message = (type: string): object => ({
    type: 'struct',
    name: 'io.debezium.connector.postgresql.MessageValue',
    fields: [
      { field: 'op', type: 'string' },
      { field: 'message', type: 'struct', fields: [{ field: 'content', type }] },
    ],
  })
  const content = (type: string, text: string): Change =>
    decode(
      { schema: message(type), payload: { op: 'm', message: { prefix: 'p', content: text } } },
      { messageContentEncoding: 'hex' },
    )
  expect(content('bytes', 'AQI=')).toMatchObject({ content: Uint8Array.of(1, 2) })
  expect(content('string', '0102')).toMatchObject({ content: Uint8Array.of(1, 2) })
})

const marker = '__debezium_unavailable_value'
test.each([
  ['text', marker],
  ['base64', Buffer.from(marker).toString('base64')],
  ['url-safe base64', Buffer.from(marker).toString('base64url')],
  ['hex', Buffer.from(marker).toString('hex')],
  ['an array of text', [marker]],
  ['an array of hex', [Buffer.from(marker).toString('hex')]],
  ['an array of numbers', [...Buffer.from(marker)]],
  ['an array of UUIDs', ['b68a35a7-17ad-35b3-af2a-ae46edb4545a']],
  ['a map', { [marker]: marker }],
  ['the text of a map', JSON.stringify({ [marker]: marker })],
])('a value that was not sent, as %s', (_, value) => {
  const source = { connector: 'postgresql', name: 'p' }
  expect(row({ source, after: { id: 1, a: value } }).after!['a']).toBe(UNAVAILABLE)
  const near = Array.isArray(value) ? [...value, 'x'] : 'x'
  expect(row({ source, after: { id: 1, a: near } }).unavailable).toEqual([])
})

test('a marker of bytes is told in hexadecimal', () => {
  const source = { connector: 'oracle', name: 'p' }
  const options = { unavailableValuePlaceholder: 'hex:00ff10' }
  const after = { id: 1, a: 'AP8Q', b: [0, 255, 16], c: marker, d: '00ff10' }
  expect(row({ source, after }, options).unavailable).toEqual(['a', 'b', 'd'])
})

test('a key in a header is read by the schema of the key, or else by its looks', () => {
  const schema = {
    type: 'struct',
    fields: [{ field: 'd', type: 'int32', name: 'org.apache.kafka.connect.data.Date' }],
  }
  const moved = (text: string): Change =>
    decodeChange({
      key: json({ schema, payload: { d: 0 } }),
      value: null,
      headers: [{ key: '__debezium.newkey', value: utf8.encode(text) }],
    })
  const keyOf = (change: Change): string =>
    'keyChange' in change ? String((change.keyChange!.newKey as { d: unknown }).d) : ''
  expect(keyOf(moved('{"d":1}'))).toBe('1970-01-02')
  expect(keyOf(moved(JSON.stringify({ schema, payload: { d: 1 } })))).toBe('1970-01-02')
  expect(keyOf(moved('{"d":"1970-01-02"}'))).toBe('1970-01-02')
})

test('a date told of a column may be days or text', () => {
  const source = { connector: 'postgresql', name: 'p' }
  const dates = row(
    { source, after: { a: 1, b: '1970-01-02Z', c: '1', d: null, e: '-0043-03-15Z' } },
    { columns: { a: 'date', b: 'date', c: 'date', d: 'date', e: 'date' } },
  ).after!
  expect(Object.values(dates).map(String)).toEqual([
    '1970-01-02',
    '1970-01-02',
    '1970-01-02',
    'null',
    '-0043-03-15',
  ])
})
