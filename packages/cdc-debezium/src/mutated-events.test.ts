import { isVarveError } from '@varve/base'
import { InMemorySchemaRegistry } from '@varve/serde'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { ChangeDecoder } from './change-decoder.ts'
import type { Change, ChangeRecord } from './change.ts'
import { applyDocumentUpdate } from './documents/apply-update.ts'
import { decodeChange } from './decode-change.ts'
import type { ChangeDecoderOptions } from './options.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

const column = (field: string, type: string, name?: string): Json => ({
  field,
  type,
  optional: true,
  ...(name === undefined ? {} : { name, parameters: { scale: '2', length: '9', allowed: 'a,b' } }),
})
const row: Json = {
  type: 'struct',
  optional: true,
  name: 'p.t.Value',
  fields: [
    column('id', 'int64'),
    column('d', 'bytes', 'org.apache.kafka.connect.data.Decimal'),
    column('at', 'int64', 'io.debezium.time.MicroTimestamp'),
    column('z', 'string', 'io.debezium.time.ZonedTimestamp'),
    column('s', 'string', 'io.debezium.data.EnumSet'),
    column('b', 'bytes', 'io.debezium.data.Bits'),
    { field: 'm', type: 'map', keys: { type: 'int32' }, values: { type: 'string' } },
    { field: 'l', type: 'array', items: { type: 'double' } },
  ],
}
const image: Json = {
  id: 1,
  d: 'AeIT',
  at: 1710928800000000,
  z: '2024-03-20T10:00:00+01:00',
  s: 'a,b',
  b: 'AQI=',
  m: [[1, 'x']],
  l: [1.5, 'NaN'],
}
const source: Json = { connector: 'postgresql', db: 'd', table: 't', lsn: 7, sequence: '["1","2"]' }
const event: Json = { before: image, after: image, source, op: 'u', ts_ms: 1, transaction: null }

/** Sound events of every shape. */
const EVENTS: readonly Json[] = [
  {
    schema: {
      type: 'struct',
      name: 'p.t.Envelope',
      fields: [
        { ...(row as object), field: 'before' },
        { ...(row as object), field: 'after' },
        { field: 'source', type: 'struct', fields: [] },
        column('op', 'string'),
      ],
    },
    payload: event,
  },
  event,
  { ...event, source: { connector: 'mysql', file: 'b.1', pos: 4 } },
  { ...event, source: { connector: 'vitess', vgtid: '[{"shard":"-"}]' } },
  { ...event, op: 'm', message: { prefix: 'p', content: 'AAEC' } },
  { id: 1, __op: 'd', __deleted: 'true', __table: 't', __source_ts_ms: 5 },
  {
    before: null,
    after: '{"_id":{"$oid":"5d7e6d1f1a2b3c4d5e6f7a8b"},"at":{"$date":5},"l":[{"$numberLong":"1"}]}',
    updateDescription: {
      removedFields: ['a.b'],
      updatedFields: '{"n.1":{"$binary":"AQID","$type":"00"}}',
      truncatedArrays: [{ field: 'l', size: 1 }],
    },
    source: { connector: 'mongodb', collection: 'c', ord: 1, ts_ms: 1 },
    op: 'u',
  },
  {
    op: 'i',
    source: { connector: 'cassandra', keyspace: 'k', table: 't', file: 'f', pos: 1, ts_ms: 1 },
    after: {
      id: { value: 1, deletion_ts: null, set: true },
      v: null,
      _range_start: {
        method: 'INCL_START_BOUND',
        values: [{ name: 'c', value: '1', type: 'int' }],
      },
    },
  },
  {
    specversion: '1.0',
    id: 'x',
    source: '/debezium/postgresql/p',
    type: 'io.debezium.connector.postgresql.DataChangeEvent',
    time: '2024-03-20T10:00:00Z',
    iodebeziumop: 'u',
    iodebeziumconnector: 'postgresql',
    data: { schema: row, payload: { before: null, after: image } },
  },
  {
    status: 'END',
    id: '1:2',
    event_count: 1,
    data_collections: [{ data_collection: 't', event_count: 1 }],
  },
  {
    source,
    databaseName: 'd',
    ddl: 'CREATE TABLE t',
    tableChanges: [
      {
        type: 'CREATE',
        id: '"d"."t"',
        table: {
          primaryKeyColumnNames: ['id'],
          columns: [{ name: 'id', jdbcType: 4, position: 1 }],
        },
      },
    ],
  },
  { id: 'n', aggregate_type: 'a', type: 't', additional_data: { a: 'b' }, timestamp: 1 },
]

/** Names with a meaning, to JavaScript or to connectors. */
const NAMES = ['__proto__', 'constructor', 'toString', 'payload', 'schema', 'op', 'fields', '$date']
const ODD_VALUES: readonly Json[] = [
  null,
  '',
  -1,
  1e308,
  '1e999999999',
  '99999999999999999999999999',
  'AAAA',
  '\u0000',
  '{"$date":{}}',
  '{"a":{"$numberDecimal":"1E6144"}}',
  [],
  [null],
  {},
  { $date: 'x' },
  { type: 'struct', fields: [{}] },
]
const oddValue = fc.oneof(fc.constantFrom(...ODD_VALUES), fc.jsonValue() as fc.Arbitrary<Json>)

/** A copy with one member, found by walking down, replaced, removed or added. */
function mutate(
  json: Json,
  choices: readonly number[],
  value: Json,
  name: string | undefined,
): Json {
  const [choice, ...rest] = choices
  if (choice === undefined || json === null || typeof json !== 'object') return value
  if (Array.isArray(json)) {
    if (json.length === 0) return [value]
    const at = choice % json.length
    return json.map((item, i) => (i === at ? mutate(item, rest, value, name) : item))
  }
  const names = Object.keys(json)
  const key = names[choice % (names.length + 1)]
  const entries = Object.entries(json)
  if (key === undefined) return Object.fromEntries([...entries, [name ?? 'added', value]])
  return Object.fromEntries(
    entries.map(([member, inner]) =>
      member === key
        ? [rest.length === 0 ? (name ?? member) : member, mutate(inner, rest, value, name)]
        : [member, inner],
    ),
  )
}

const mutation = fc.record({
  choices: fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
  value: oddValue,
  name: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
})
const mutated = fc
  .tuple(fc.constantFrom(...EVENTS), fc.array(mutation, { minLength: 1, maxLength: 3 }))
  .map(([base, mutations]) =>
    mutations.reduce((json, { choices, value, name }) => mutate(json, choices, value, name), base),
  )
const bytesOf = (json: Json): Uint8Array => new TextEncoder().encode(JSON.stringify(json))
const someBytes = fc.oneof(
  mutated.map(bytesOf),
  fc.uint8Array({ maxLength: 40 }),
  fc
    .tuple(fc.constantFrom(...EVENTS), fc.nat(), fc.nat(255))
    .map(([base, at, byte]) =>
      bytesOf(base).map((old, i, all) => (i === at % all.length ? byte : old)),
    ),
  fc.tuple(fc.constantFrom(...EVENTS), fc.nat()).map(([base, end]) => {
    const whole = bytesOf(base)
    return whole.subarray(0, end % whole.length)
  }),
)
const OPTIONS: readonly ChangeDecoderOptions[] = [
  {},
  { format: 'json', plainRows: true },
  { connector: 'mongodb' },
  { shape: 'outbox' },
  { framing: 'apicurio-auto', unavailableValuePlaceholder: false },
  {
    columns: {
      id: 'uint64',
      d: 'decimal',
      at: 'io.debezium.time.NanoTimestamp',
      z: 'timestamp:utc-text',
      b: 'bytes:base64',
      l: 'io.debezium.data.DoubleVector',
    },
  },
]
const record: fc.Arbitrary<ChangeRecord> = fc.record({
  key: fc.option(fc.oneof(fc.constant(bytesOf({ id: '1' })), someBytes), { nil: null }),
  value: someBytes,
  headers: fc.array(
    fc.record({
      key: fc.constantFrom('__debezium.oldkey', '__value_schema_id', '__op', 'id'),
      value: fc.oneof(fc.uint8Array({ maxLength: 20 }), oddValue.map(bytesOf)),
    }),
    { maxLength: 2 },
  ),
})

/** The answer; undefined for a typed refusal. Anything else that is thrown gets out. */
function answer(decode: () => Change): Change | undefined {
  try {
    return decode()
  } catch (error) {
    if (isVarveError(error)) return undefined
    throw error
  }
}

/** Spells every value: texts of extreme ones must exist too. */
function spell(value: unknown): void {
  if (Array.isArray(value) || value instanceof Map) for (const item of value) spell(item)
  else if (typeof value === 'object' && value !== null) {
    if (Object.getPrototypeOf(value) === null) Object.values(value).forEach(spell)
    else expect(typeof String(value)).toBe('string')
  }
}

const noticed = Object.getOwnPropertyNames(Object.prototype).length

test('a mutated event is answered or refused by a typed error', () => {
  fc.assert(
    fc.property(record, fc.constantFrom(...OPTIONS), (sent, options) => {
      const change = answer(() => decodeChange(sent, options))
      if (change?.kind === 'row') spell([change.key, change.before, change.after, change.time])
      const update = change?.kind === 'row' ? change.document?.update : undefined
      if (change?.kind === 'row' && change.after !== null && update !== undefined)
        expect(Object.getPrototypeOf(applyDocumentUpdate(change.after, update))).toBeNull()
      expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(noticed)
    }),
    { numRuns: 3000 },
  )
})

/** Leaves out what a decoder adds when earlier rows told it the connector. */
function withoutGuesses(change: Change | undefined): object | undefined {
  if (change?.kind === 'tombstone') return { ...change, documentId: undefined }
  if (change?.kind === 'transaction') return { ...change, transactionKey: undefined }
  return change
}

test('a decoder that has seen other events answers as one that has not', async () => {
  const used = new ChangeDecoder({ registry: new InMemorySchemaRegistry() })
  await fc.assert(
    fc.asyncProperty(record, async (sent) => {
      const fresh = new ChangeDecoder({ registry: new InMemorySchemaRegistry() })
      await used.prepare(sent)
      await fresh.prepare(sent)
      expect(withoutGuesses(answer(() => used.decode(sent)))).toEqual(
        withoutGuesses(answer(() => fresh.decode(sent))),
      )
    }),
    { numRuns: 500 },
  )
})

test('sound events are answered', () => {
  for (const sound of EVENTS)
    expect(decodeChange({ key: bytesOf({ id: '1' }), value: bytesOf(sound) }).kind).not.toBe('raw')
})

test.each([
  ['arrays', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
  ['a document', `{"op":"c","source":{"connector":"mongodb"},"after":"${'['.repeat(200_000)}"}`],
  [
    'a schema',
    `{"schema":${'{"type":"array","items":'.repeat(900)}{"type":"int8"}${'}'.repeat(900)},"payload":[]}`,
  ],
])('%s nested too deeply is refused', (_, text) => {
  expect(() => decodeChange({ key: null, value: new TextEncoder().encode(text) })).toThrow(
    expect.objectContaining({ name: 'ChangeDecodeError' }) as Error,
  )
})
