import fc from 'fast-check'
import { expect, it } from 'vitest'

import { memoryTaskDatabase } from './memory-storage.ts'
import { byteString } from './sorted-byte-map.ts'
import { TaskState } from './task-state.ts'

it('shows uncommitted rows over committed ones, in order, and forgets them on discard', () => {
  const operation = fc.tuple(
    fc.constantFrom('put', 'delete', 'commit', 'discard'),
    fc.uint8Array({ maxLength: 2, max: 3 }),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const state = new TaskState(memoryTaskDatabase())
      const store = state.store('s')
      let committed = new Map<string, number>()
      let current = new Map<string, number>()
      for (const [i, [kind, key]] of operations.entries()) {
        const id = byteString(key)
        if (kind === 'put') {
          store.put(key, Uint8Array.of(i), i)
          current.set(id, i % 256)
        } else if (kind === 'delete') {
          store.put(key, null, i)
          current.delete(id)
        } else if (kind === 'commit') {
          state.commit()
          committed = new Map(current)
        } else {
          state.discard()
          current = new Map(committed)
        }
        const wanted = [...current].sort(([a], [b]) => (a < b ? -1 : 1))
        for (const reverse of [false, true]) {
          const rows = Array.from(store.scan({ reverse }), ([k, v]) => [byteString(k), v[0]])
          expect(rows).toEqual(reverse ? wanted.toReversed() : wanted)
        }
        expect(store.get(key)?.[0]).toBe(current.get(id))
      }
    }),
    { numRuns: 50 },
  )
})

it('commits rows and numbers together', () => {
  const db = memoryTaskDatabase()
  const state = new TaskState(db)
  state.store('s').put(Buffer.from('k'), Buffer.from('v'), 1)
  state.number('t/x', -1).value = 7
  expect(new TaskState(db).committedNumber('t/x')).toBeUndefined()
  state.commit(new Map([['i/in-0', 5]]))
  const again = new TaskState(db)
  expect(again.number('t/x', -1).value).toBe(7)
  expect(again.committedNumbers('i/')).toEqual(new Map([['in-0', 5]]))
  expect(again.store('s').get(Buffer.from('k'))).toEqual(Buffer.from('v'))
})
