import { expect, test } from 'vitest'

import type { Change } from '../change.ts'
import { decodeChange } from '../decode-change.ts'

const utf8 = new TextEncoder()
const decode = (value: Uint8Array): Change =>
  decodeChange({ topic: 'outbox.event.order', key: utf8.encode('1'), value }, { shape: 'outbox' })

test('payloads are whatever was put there', () => {
  expect(decode(utf8.encode('plain text'))).toMatchObject({ kind: 'outbox', payload: 'plain text' })
  expect(decode(Uint8Array.of(0xff, 0xfe, 1))).toMatchObject({
    payload: Uint8Array.of(0xff, 0xfe, 1),
  })
  expect(decode(utf8.encode('{"a":1}'))).toMatchObject({
    payload: { a: 1 },
    aggregateType: 'order',
  })
})

test('columns beside the payload keep their types', () => {
  const schema = {
    type: 'struct',
    fields: [
      { field: 'payload', type: 'string' },
      { field: 'at', type: 'int64', name: 'io.debezium.time.MicroTimestamp' },
    ],
  }
  const change = decode(
    utf8.encode(JSON.stringify({ schema, payload: { payload: '{"a":1}', at: 1 } })),
  )
  expect(change).toMatchObject({ payload: { a: 1 } })
  expect(change.kind === 'outbox' && String(change.additional!['at'])).toBe(
    '1970-01-01T00:00:00.000001',
  )
})
