import { expect, test } from 'vitest'

import type { Change } from '../change.ts'
import { decodeChange } from '../decode-change.ts'
import { applyDocumentUpdate } from './apply-update.ts'
import { parseExtendedJson } from './extended-json.ts'
import type { StructValue } from '../values/values.ts'

const utf8 = new TextEncoder()

function decode(patch: object, key: unknown = { id: '1' }): Change {
  const value = {
    after: null,
    patch: JSON.stringify(patch),
    filter: '{"_id":1}',
    source: {
      version: '1.9.8.Final',
      connector: 'mongodb',
      name: 'p',
      db: 'd',
      collection: 'c',
      h: 5,
    },
    op: 'u',
    ts_ms: 1,
  }
  return decodeChange({
    key: utf8.encode(JSON.stringify(key)),
    value: utf8.encode(JSON.stringify(value)),
  })
}

function applied(document: object, patch: object): unknown {
  const change = decode(patch)
  if (change.kind !== 'row' || change.document?.update === undefined) throw new Error('no update')
  expect(change).toMatchObject({ op: 'u', effect: 'patch', after: null })
  const stored = parseExtendedJson(JSON.stringify(document), 'd') as StructValue
  return { ...applyDocumentUpdate(stored, change.document.update) }
}

test('operators set and unset paths', () => {
  expect(
    applied({ a: 1, b: { c: 2 }, d: 3 }, { $v: 1, $set: { a: 9, 'b.c': 8 }, $unset: { d: true } }),
  ).toEqual({ a: 9, b: { c: 8 } })
})

test('differences update, insert and delete at any depth, and in arrays', () => {
  const diff = {
    u: { a: 9 },
    i: { n: { $numberLong: '5' } },
    d: { gone: false },
    sb: { u: { c: 8 } },
    slist: { a: true, l: 3, u0: 'x', s2: { u: { y: 7 } } },
  }
  const document = { a: 1, gone: 0, b: { c: 2 }, list: [1, 2, { y: 1 }, 4] }
  expect(applied(document, { $v: 2, diff })).toEqual({
    a: 9,
    b: { c: 8 },
    list: ['x', 2, { y: 7 }],
    n: 5n,
  })
})

test('a patch without operators is the document', () => {
  expect(decode({ _id: 1, a: 2 })).toMatchObject({ effect: 'upsert', after: { _id: 1, a: 2 } })
  expect(decode({ a: 2 })).toMatchObject({ after: { _id: 1, a: 2 }, document: { id: 1 } })
})

test('what is none of these is refused', () => {
  expect(() => decode({ $push: { a: 1 } })).toThrow(/\$push/)
  expect(() => decode({ $v: 2, diff: { x: 1 } })).toThrow(/patch.x/)
  expect(() => decode({ $v: 2, diff: { sa: { a: true, l: -1 } } })).toThrow(/no length/)
})
