import { expect, test } from 'vitest'

import type { RowChange } from '../change.ts'
import { decodeChange } from '../decode-change.ts'
import type { ChangeDecoderOptions } from '../options.ts'

const utf8 = new TextEncoder()

function row(
  value: object,
  options: ChangeDecoderOptions = {},
  headers: Readonly<Record<string, string>> = {},
): RowChange {
  const change = decodeChange(
    {
      key: utf8.encode('{"id":1}'),
      value: utf8.encode(JSON.stringify(value)),
      headers: Object.entries(headers).map(([key, text]) => ({ key, value: utf8.encode(text) })),
    },
    options,
  )
  if (change.kind !== 'row') throw new Error(change.kind)
  return change
}

test('each added field alone tells a flattened row', () => {
  for (const name of [
    '__deleted',
    '__op',
    '__ts_ms',
    '__source_ts_ns',
    '__source_lsn',
    '__transaction_id',
  ])
    expect(row({ id: 1, [name]: null })).toMatchObject({ shape: 'flattened', after: { id: 1 } })
})

test('added fields give the table, both times and the rest', () => {
  const change = row({
    id: 1,
    __op: 'u',
    __source_db: 'd',
    __schema: 's',
    __collection: 'c',
    __source_ts_ms: 5,
    __source_ts_ns: 5000001,
    __ts_ms: 9,
    __my_lsn: 7,
  })
  expect(change).toMatchObject({
    op: 'u',
    table: { database: 'd', schema: 's', name: 'c' },
    metadata: { op: 'u', my_lsn: 7 },
  })
  expect(change.time?.epochNanoseconds).toBe(5000001n)
  expect(change.processedTime?.epochMilliseconds).toBe(9)
})

test('headers give them too', () => {
  const headers = { __op: 'c', __table: 't', __source_ts_ms: '5', __ts_ms: '9' }
  const change = row({ id: 1 }, {}, headers)
  expect(change).toMatchObject({ op: 'c', table: { name: 't' }, metadata: undefined })
  expect(change.time?.epochMilliseconds).toBe(5)
})

test('the version that Mongoose keeps in a document is a column', () => {
  const change = row({ _id: 'x', __v: 3, __deleted: true })
  expect(change).toMatchObject({ op: 'd', before: { _id: 'x', __v: 3 }, metadata: undefined })
})

test('without added fields names that begin like them are columns', () => {
  expect(row({ id: 1, __x: 2 }, { plainRows: true })).toMatchObject({
    op: null,
    after: { id: 1, __x: 2 },
  })
})

test('another prefix is told, but a deletion is called the same', () => {
  const options = { addedFieldsPrefix: 'meta.' }
  expect(row({ id: 1, 'meta.op': 'r', __x: 2 }, options)).toMatchObject({
    op: 'r',
    after: { id: 1, __x: 2 },
    metadata: { op: 'r' },
  })
  expect(row({ id: 1, __deleted: 'true' }, options)).toMatchObject({ op: 'd', effect: 'delete' })
})
