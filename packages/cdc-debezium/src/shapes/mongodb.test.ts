import { expect, test } from 'vitest'

import type { Change } from '../change.ts'
import { decodeChange } from '../decode-change.ts'

const utf8 = new TextEncoder()
const decode = (value: object): Change =>
  decodeChange({
    key: utf8.encode('{"id":"1"}'),
    value: utf8.encode(
      JSON.stringify({
        source: { connector: 'mongodb', name: 'p', db: 'd', collection: 'c', snapshot: '' },
        ...value,
      }),
    ),
  })

test('where a format has no null, an empty text is one', () => {
  const updateDescription = { updatedFields: '', removedFields: ['a'], truncatedArrays: [] }
  expect(decode({ before: '', after: '', patch: '', op: 'u', updateDescription })).toMatchObject({
    effect: 'patch',
    before: null,
    after: null,
    source: { snapshot: 'false' },
    document: { update: { updatedFields: {}, removedFields: ['a'] } },
  })
})

test('a document looked up after an update may hold later changes', () => {
  const updateDescription = { updatedFields: '{"a":1}', removedFields: null, truncatedArrays: null }
  const found = { after: '{"_id":1,"a":2}', op: 'u', updateDescription }
  expect(decode(found)).toMatchObject({ effect: 'upsert', document: { afterMayBeNewer: true } })
  expect(decode({ after: '{"_id":1}', op: 'u', updateDescription: null })).toMatchObject({
    document: { afterMayBeNewer: false },
  })
})

test('an event without operation follows its documents', () => {
  const updateDescription = { updatedFields: '{"a":1}' }
  expect(decode({ before: null, after: null, updateDescription })).toMatchObject({
    op: 'u',
    opInferred: true,
  })
  expect(decode({ before: '{"_id":1}', after: null })).toMatchObject({ op: 'd', effect: 'delete' })
  expect(decode({ before: null, after: '{"_id":1}' })).toMatchObject({ op: 'c' })
})

test('an event that says nothing of its document is refused', () => {
  expect(() => decode({ after: null, op: 'u', updateDescription: null })).toThrow(/no document/)
})
