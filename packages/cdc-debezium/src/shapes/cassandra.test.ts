import { expect, test } from 'vitest'

import { decodeChange } from '../decode-change.ts'
import type { Change } from '../change.ts'

const utf8 = new TextEncoder()

function decode(key: object | null, value: object): Change {
  return decodeChange({
    key: key === null ? null : utf8.encode(JSON.stringify(key)),
    value: utf8.encode(
      JSON.stringify({ source: { connector: 'cassandra', keyspace: 'k', table: 't' }, ...value }),
    ),
  })
}

test('r deletes a range of rows, and so does t with a key', () => {
  const after = {
    p: { value: 1, deletion_ts: 5, set: true },
    _range_start: {
      value: {
        method: 'INCL_START_BOUND',
        values: [{ name: 'c', value: '3', type: 'int' }],
      },
      deletion_ts: null,
      set: true,
    },
    _range_end: null,
  }
  for (const op of ['r', 't'])
    expect(decode({ p: 1 }, { op, after })).toMatchObject({
      kind: 'range-delete',
      effect: 'delete-range',
      start: { method: 'INCL_START_BOUND', values: [{ name: 'c', value: '3', type: 'int' }] },
      end: undefined,
    })
  expect(decode(null, { op: 't', after: null }).kind).toBe('truncate')
})

test('a delete without clustering columns deletes a partition', () => {
  expect(decode({ p: 1, c: null }, { op: 'd', after: {} })).toMatchObject({
    kind: 'range-delete',
    op: 'd',
    start: undefined,
    end: undefined,
  })
})

test('a time of write in microseconds is one', () => {
  const source = { connector: 'cassandra', ts_ms: 1_562_202_942_666_382 }
  const change = decode({ p: 1 }, { source, op: 'i', after: {} })
  expect(change.kind === 'row' && change.time?.epochMilliseconds).toBe(1_562_202_942_666)
})
