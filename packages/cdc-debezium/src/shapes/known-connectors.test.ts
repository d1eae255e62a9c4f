import { expect, test } from 'vitest'

import { ChangeDecoder } from '../change-decoder.ts'

const utf8 = new TextEncoder()
const json = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value))
const boundary = (prefix: string): { topic: string; key: null; value: Uint8Array } => ({
  topic: `${prefix}.transaction`,
  key: null,
  value: json({ status: 'END', id: '571:53195832', event_count: 0, data_collections: [] }),
})

test('boundaries of transactions follow the connector of rows with their prefix', () => {
  const decoder = new ChangeDecoder()
  const key = (prefix: string): unknown => {
    const change = decoder.decode(boundary(prefix))
    return change.kind === 'transaction' ? change.transactionKey : undefined
  }
  expect(key('a.b')).toBe('571:53195832')
  for (const [name, connector] of [
    ['a.b', 'postgresql'],
    ['m', 'mongodb'],
  ] as const)
    decoder.decode({
      key: null,
      value: json({
        after: connector === 'mongodb' ? '{"_id":1}' : { id: 1 },
        op: 'c',
        source: { connector, name },
      }),
    })
  expect(key('a.b')).toBe('571')
  expect(key('m')).toBe('571:53195832')
  const tombstone = { key: json({ id: '{"$oid":"596e275826f08b2730779e1f"}' }), value: null }
  expect(decoder.decode({ ...tombstone, topic: 'm.d.c' })).toMatchObject({
    documentId: { hex: '596e275826f08b2730779e1f' },
  })
  expect(decoder.decode({ ...tombstone, topic: 'a.b.s.t' })).not.toHaveProperty('documentId')
})

test('a tombstone whose key is none of a document is answered all the same', () => {
  const decoder = new ChangeDecoder()
  decoder.decode({
    key: null,
    value: json({ after: '{"_id":1}', op: 'c', source: { connector: 'mongodb', name: 'm' } }),
  })
  const tombstone = { topic: 'm.d.c', key: json({ id: 'not {extended} JSON' }), value: null }
  expect(decoder.decode(tombstone)).toMatchObject({
    kind: 'tombstone',
    key: { id: 'not {extended} JSON' },
  })
})
