import fc from 'fast-check'
import { expect, it } from 'vitest'

import { byteString, SortedByteMap } from './sorted-byte-map.ts'

const operation = fc.tuple(
  fc.constantFrom('set', 'delete', 'walk', 'back'),
  fc.uint8Array({ maxLength: 3, max: 4 }),
  fc.uint8Array({ maxLength: 3, max: 4 }),
)

it('walks like a sorted list of what was set and not deleted', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 2_000, size: 'max' }), (operations) => {
      const map = new SortedByteMap<number>()
      const model = new Map<string, number>()
      for (const [i, [kind, key, bound]] of operations.entries()) {
        const id = byteString(key)
        if (kind === 'set') {
          map.set(id, key, i)
          model.set(id, i)
        } else if (kind === 'delete') {
          expect(map.delete(id)).toBe(model.delete(id))
        } else {
          const lt = byteString(bound)
          const wanted = [...model.keys()].filter((k) => k >= id && k < lt).sort()
          if (kind === 'back') wanted.reverse()
          const got = Array.from(map.range(id, lt, kind === 'back'), (entry) => entry.id)
          expect(got).toEqual(wanted)
        }
      }
      expect(map.size).toBe(model.size)
    }),
    { numRuns: 30 },
  )
})

it('goes on behind the last entry when the map changes during a walk', () => {
  const map = new SortedByteMap<number>()
  for (const id of ['a', 'c', 'e']) map.set(id, Buffer.from(id), 0)
  const seen: string[] = []
  for (const { id } of map.range(undefined, undefined)) {
    seen.push(id)
    if (id === 'c') {
      map.set('b', Buffer.from('b'), 0)
      map.set('d', Buffer.from('d'), 0)
      map.delete('c')
    }
  }
  expect(seen).toEqual(['a', 'c', 'd', 'e'])
})
