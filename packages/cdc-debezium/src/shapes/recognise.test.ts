import { expect, test } from 'vitest'

import type { Change } from '../change.ts'
import { decodeChange } from '../decode-change.ts'

const utf8 = new TextEncoder()
const decode = (value: object, key: unknown = null, topic = 't'): Change =>
  decodeChange({
    topic,
    key: key === null ? null : utf8.encode(JSON.stringify(key)),
    value: utf8.encode(JSON.stringify(value)),
  })

test('a row whose schema says so is flattened, whatever its columns are called', () => {
  const names = ['op', 'before', 'status', 'id', 'event_count', 'specversion', 'type', 'source']
  const schema = {
    type: 'struct',
    name: 'p.s.t.Value',
    fields: names.map((field) => ({ field, type: 'string', optional: true })),
  }
  const payload = { op: 'c', before: 'x', status: 'BEGIN', id: '1', event_count: '2' }
  const cloud = { ...payload, specversion: '1.0', type: 'x', source: 'y' }
  for (const row of [payload, cloud])
    expect(decode({ schema, payload: row })).toMatchObject({ shape: 'flattened', after: row })
})

test('an envelope without operation follows its rows', () => {
  const source = { connector: 'mysql', name: 'p', db: 'd', table: 't' }
  const of = (before: object | null, after: object | null): Change =>
    decode({ before, after, source })
  expect(of(null, { id: 1 })).toMatchObject({ shape: 'envelope', op: 'c', opInferred: true })
  expect(of({ id: 1 }, { id: 1 })).toMatchObject({ op: 'u', opInferred: true })
  expect(of({ id: 1 }, null)).toMatchObject({ op: 'd', opInferred: true, effect: 'delete' })
  // A struct column of that name is no source.
  expect(decode({ before: 1, after: 2, source: { id: 1 } }).kind).toBe('raw')
})

test('schema changes are told before there were definitions of tables, and histories from them', () => {
  const source = { connector: 'mysql', name: 'p', table: 't' }
  const ddl = 'CREATE TABLE t (id INT)'
  expect(decode({ source, databaseName: 'd', ddl })).toMatchObject({
    kind: 'schema-change',
    database: 'd',
    ddl,
    changes: [],
  })
  const history = {
    source: { server: 'p' },
    position: { file: 'f', pos: 1 },
    databaseName: 'd',
    ddl,
  }
  expect(decode(history).kind).toBe('schema-history')
  expect(decode({ ...history, tableChanges: [] }).kind).toBe('schema-history')
})

test('a definition of a table keeps what it says of its columns', () => {
  const column = {
    name: 'e',
    jdbcType: 1,
    typeName: 'ENUM',
    typeExpression: 'ENUM',
    charsetName: 'utf8mb4',
    position: 2,
    optional: true,
    autoIncremented: false,
    generated: false,
    comment: 'c',
    enumValues: ["'a'", "'it''s'"],
  }
  const value = {
    source: { connector: 'mysql', name: 'p' },
    databaseName: 'd',
    ddl: 'x',
    tableChanges: [
      {
        type: 'ALTER',
        id: '"d"."b"',
        previousId: '"d"."a"',
        table: { primaryKeyColumnNames: ['id'], columns: [column] },
      },
    ],
  }
  expect(decode(value)).toMatchObject({
    changes: [
      {
        tableId: ['d', 'b'],
        previousTableId: ['d', 'a'],
        columns: [
          {
            type: 'ENUM',
            charset: 'utf8mb4',
            position: 2,
            generated: false,
            enumValues: ['a', "it's"],
          },
        ],
      },
    ],
  })
})

test('types that a transformation puts beside the rows are told', () => {
  const columns = [{ name: 'id', typeName: 'INT', length: 10, scale: null, comment: null }]
  const value = {
    before: null,
    after: { id: 1 },
    source: { connector: 'mysql', name: 'p' },
    sourceSchema: { id: 'd.t', table: { columns } },
    op: 'c',
  }
  expect(decode(value)).toMatchObject({
    sourceSchema: { table: 'd.t', columns: [{ name: 'id', type: 'INT', length: 10 }] },
  })
})

test('a notification may lack its data, its time, and be a list of pairs', () => {
  const one = { id: 'i', aggregate_type: 'Initial Snapshot', type: 'STARTED' }
  expect(decode({ ...one, timestamp: '1695817046353' })).toMatchObject({ kind: 'notification' })
  expect(decode({ ...one, additional_data: [['a', 'b']] })).toMatchObject({
    kind: 'notification',
    additionalData: new Map([['a', 'b']]),
  })
})

test('a heartbeat under a name of its own is known by its key', () => {
  expect(decode({ ts_ms: 5 }, { serverName: 'p' }, 'beats')).toMatchObject({
    kind: 'heartbeat',
    serverName: 'p',
  })
  expect(decode({ vgtid: '[]', ts_ms: 5 }, { serverName: 'p' }, 'beats')).toMatchObject({
    vgtid: '[]',
  })
  expect(decode({ ts_ms: 5 }, { id: 1 }, 'beats').kind).toBe('raw')
})
