import fc from 'fast-check'
import { expect, it } from 'vitest'

import { ByteHashMap, hashBytes, type HashedEntry } from './byte-hash-map.ts'

interface Entry extends HashedEntry {
  value: number
}

/** Few hashes, so that probes run into each other and around the end. */
const crowded = (key: Uint8Array): number => 1 + ((key[0] ?? 0) % 3) * 7 + 14

for (const [how, hash] of [
  ['its own hashes', hashBytes],
  ['hashes that collide', crowded],
] as const) {
  it(`behaves like a map of byte strings, with ${how}`, () => {
    const operation = fc.tuple(
      fc.constantFrom('set', 'set', 'set', 'remove', 'clear'),
      fc.uint8Array({ maxLength: 6, max: 5 }),
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const map = new ByteHashMap<Entry>()
        const model = new Map<string, number>()
        for (const [i, [kind, key]] of operations.entries()) {
          const id = key.join()
          const entry = map.get(key, hash(key))
          expect(entry?.value).toBe(model.get(id))
          if (kind === 'set') {
            if (entry === undefined) map.add({ key, hash: hash(key), value: i })
            else entry.value = i
            model.set(id, i)
          } else if (kind === 'remove') {
            if (entry !== undefined) map.remove(entry)
            model.delete(id)
          } else if (i % 10 === 0) {
            map.clear()
            model.clear()
          }
          expect(map.size).toBe(model.size)
        }
        for (const [id, value] of model) {
          const key = Uint8Array.from(id === '' ? [] : id.split(',').map(Number))
          expect(map.get(key, hash(key))?.value).toBe(value)
        }
      }),
      { numRuns: 200 },
    )
  })
}

it('keeps hundreds of thousands of keys apart and starts small again', () => {
  const map = new ByteHashMap<Entry>()
  const keyOf = (n: number): Uint8Array => Uint8Array.of(n, n >> 8, n >> 16, 7)
  for (let n = 0; n < 200_000; n++) {
    const key = keyOf(n)
    map.add({ key, hash: hashBytes(key), value: n })
  }
  for (let n = 0; n < 200_000; n += 777) {
    expect(map.get(keyOf(n), hashBytes(keyOf(n)))?.value).toBe(n)
  }
  map.clear()
  expect(map.get(keyOf(1), hashBytes(keyOf(1)))).toBeUndefined()
})
