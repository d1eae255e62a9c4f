import fc from 'fast-check'
import { expect, it } from 'vitest'

import { hashBytes } from './byte-hash-map.ts'
import { CacheBudget } from './cache.ts'
import { UpdateCache } from './update-cache.ts'

const context = () => ({ topic: 't', partition: 0, offset: 0, timestamp: 0, headers: [] })

const bytesOf = (id: string): Uint8Array => Buffer.from(id)

function ids(cache: UpdateCache<string, number>): string[] {
  const found: string[] = []
  for (let entry = cache.oldest; entry !== undefined; entry = entry.newer) found.push(entry.rowKey)
  return found
}

it('keeps entries in order of their last update, and counts their bytes', () => {
  const operation = fc.tuple(
    fc.constantFrom('update', 'update', 'remove', 'oldest', 'look', 'clear'),
    fc.constantFrom('a', 'b', 'c', 'd'),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const budget = new CacheBudget(1)
      const cache = new UpdateCache<string, number>(budget)
      const model = new Map<string, boolean>()
      for (const [time, [kind, id]] of operations.entries()) {
        const entry =
          kind === 'oldest' ? cache.oldest : cache.get(bytesOf(id), hashBytes(bytesOf(id)))
        if (kind === 'update') {
          if (entry === undefined) {
            const key = bytesOf(id)
            cache.add(key, hashBytes(key), id, time, null, time, context())
          } else cache.replace(entry, time, time)
          model.delete(id)
          model.set(id, false)
        } else if (kind === 'look') {
          const unseen = [...model].filter(([, seen]) => !seen).map(([name]) => name)
          const taken = cache.takeUnwritten().map((found) => found.rowKey)
          expect(taken.toSorted()).toEqual(unseen.toSorted())
          for (const name of unseen) model.set(name, true)
        } else if (kind === 'clear') {
          cache.clear()
          model.clear()
        } else if (entry !== undefined) {
          cache.remove(entry)
          model.delete(entry.rowKey)
        }
        expect(ids(cache)).toEqual([...model.keys()])
        expect(budget.bytesUsed > 0).toBe(model.size > 0)
      }
    }),
    { numRuns: 300 },
  )
})
