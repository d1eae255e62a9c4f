import fc from 'fast-check'
import { expect, test } from 'vitest'

import { InMemorySchemaRegistry } from '@varve/serde'
import { isVarveError } from '@varve/base'

import { ChangeDecoder, decodeChange, UNAVAILABLE, type RowChange } from './index.ts'

const utf8 = new TextEncoder()
const record = (key: unknown, value: unknown) => ({
  key: key === null ? null : utf8.encode(JSON.stringify(key)),
  value: value === null ? null : utf8.encode(JSON.stringify(value)),
})
const source = { connector: 'postgresql', name: 'p', db: 'd', schema: 's', table: 't', ts_ms: 5 }

function row(after: unknown, more: object = {}): RowChange {
  const change = decodeChange(record({ id: 1 }, { before: null, after, source, op: 'c', ...more }))
  if (change.kind !== 'row') throw new Error(change.kind)
  return change
}

test('an insert has its table, key, row and times', () => {
  const change = row({ id: 1, name: 'a' }, { ts_ms: 9 })
  expect(change).toMatchObject({ op: 'c', effect: 'upsert', unavailable: [], before: null })
  expect(change.table).toMatchObject({ database: 'd', schema: 's', name: 't' })
  expect(change.time?.epochMilliseconds).toBe(5)
  expect(change.processedTime?.epochMilliseconds).toBe(9)
  expect(change.source?.snapshot).toBe('false')
})

test('a null value is a tombstone in each of its spellings', () => {
  const schema = { type: 'struct', optional: true, fields: [] }
  expect(decodeChange(record({ id: 1 }, null))).toMatchObject({ nullForm: 'bytes' })
  expect(decodeChange({ ...record({ id: 1 }, 0), value: utf8.encode('null') })).toMatchObject({
    kind: 'tombstone',
    nullForm: 'json-null',
    effect: 'delete',
  })
  expect(decodeChange(record({ id: 1 }, { schema, payload: null }))).toMatchObject({
    nullForm: 'payload-null',
  })
})

test('a value that was not sent is neither a value nor null', () => {
  const change = row({ id: 1, big: '__debezium_unavailable_value', small: null })
  expect(change.after!['big']).toBe(UNAVAILABLE)
  expect(change.unavailable).toEqual(['big'])
  const kept = decodeChange(
    record({ id: 1 }, { after: { big: '__debezium_unavailable_value' }, source, op: 'u' }),
    { unavailableValuePlaceholder: false },
  ) as RowChange
  expect(kept.after!['big']).toBe('__debezium_unavailable_value')
})

test('columns named like the object machinery are columns', () => {
  const value = utf8.encode(
    `{"after":{"__proto__":{"x":1},"constructor":2},"source":${JSON.stringify(source)},"op":"c"}`,
  )
  const change = decodeChange({ key: null, value }) as RowChange
  expect(Object.keys(change.after!)).toEqual(['__proto__', 'constructor'])
  expect(({} as { x?: number }).x).toBeUndefined()
})

test('what cannot be told is refused with its fault and path', () => {
  const fault = (value: Uint8Array): unknown => {
    try {
      return decodeChange({ key: null, value })
    } catch (error) {
      return isVarveError(error) ? { ...error } : error
    }
  }
  const envelope = (members: object): Uint8Array =>
    utf8.encode(JSON.stringify({ source, ...members }))
  expect(fault(new Uint8Array(0))).toMatchObject({ fault: 'empty-value' })
  expect(fault(utf8.encode('{"a":'))).toMatchObject({ fault: 'invalid-json' })
  expect(fault(envelope({ op: 'x' }))).toMatchObject({ fault: 'unknown-operation', path: 'op' })
  expect(fault(envelope({ op: 'constructor' }))).toMatchObject({ fault: 'unknown-operation' })
  expect(fault(envelope({ op: 'c', after: 1 }))).toMatchObject({
    fault: 'invalid-envelope',
    path: 'after',
  })
  expect(fault(Uint8Array.of(0, 1))).toMatchObject({ fault: 'truncated' })
  expect(fault(Uint8Array.of(0, 0, 0, 0, 7))).toMatchObject({ fault: 'schema-not-found' })
})

test('an Avro envelope is read by the schema its id names, semantic types included', async () => {
  const value = {
    type: 'record',
    name: 'Value',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'd', type: ['null', { type: 'int', 'connect.name': 'io.debezium.time.Date' }] },
    ],
  }
  const registry = new InMemorySchemaRegistry()
  const id = await registry.register('t-value', {
    schemaType: 'AVRO',
    schema: JSON.stringify({
      type: 'record',
      name: 'Envelope',
      namespace: 'a.b',
      'connect.name': 'a.b.Envelope',
      fields: [
        { name: 'before', type: ['null', value] },
        { name: 'after', type: ['null', 'Value'] },
        { name: 'op', type: 'string' },
      ],
    }),
  })
  const decoder = new ChangeDecoder({ registry })
  const bytes = Uint8Array.of(0, 0, 0, 0, id, 0, 2, 1, 2, 2, 2, 0x63)
  const framed = { key: null, value: bytes }
  expect(() => decoder.decode(framed)).toThrow(/not loaded/)
  await decoder.prepare(framed)
  const change = decoder.decode(framed) as RowChange
  expect(change.after!['id']).toBe(-1n)
  expect(String(change.after!['d'])).toBe('1970-01-02')
  expect(change.columns.get('d')?.type).toEqual({ kind: 'DATE' })
})

test('whatever the bytes, the outcome is a change or a typed error', () => {
  const json = fc.json().map((text) => utf8.encode(text))
  const bytes = fc.oneof(fc.uint8Array(), json)
  fc.assert(
    fc.property(bytes, bytes, (key, value) => {
      try {
        expect(decodeChange({ key, value }).kind).toBeTypeOf('string')
      } catch (error) {
        if (!isVarveError(error)) throw error
      }
    }),
    { numRuns: 500 },
  )
})
