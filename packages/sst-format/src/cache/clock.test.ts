import { createSeededRandom } from '@varve/base/testing'
import { expect, test } from 'vitest'

import { CacheEntry, CacheOwner, Clock, MAX_CHANCES } from './clock.ts'

const owner = new CacheOwner()
const entryOf = (offset: number, charge: number): CacheEntry =>
  new CacheEntry(owner, offset, { sizeBytes: charge }, charge)

test('the hand comes to entries in the order in which they came or were passed by', () => {
  const clock = new Clock()
  expect(clock.hand).toBeUndefined()
  const entries = [0, 1, 2].map((i) => entryOf(i, 10 + i))
  for (const entry of entries) clock.add(entry)
  expect([clock.entries, clock.usedBytes, clock.hand]).toEqual([3, 33, entries[0]])
  entries[0]!.chances = MAX_CHANCES
  clock.pass(entries[0]!)
  expect(entries[0]!.chances).toBe(MAX_CHANCES - 1)
  expect(clock.hand).toBe(entries[1])
  clock.remove(entries[1]!)
  clock.remove(entries[2]!)
  expect([clock.entries, clock.usedBytes, clock.hand]).toEqual([1, 10, entries[0]])
  clock.remove(entries[0]!)
  expect([clock.entries, clock.usedBytes, clock.hand]).toEqual([0, 0, undefined])
})

test('an entry that is gone, and that an index keeps, keeps no other one', () => {
  const random = createSeededRandom(3)
  const clock = new Clock()
  const first = entryOf(0, 1)
  clock.add(first)
  const gone: CacheEntry[] = []
  for (let i = 1; i < 200; i++) {
    clock.add(entryOf(i, 1))
    const { hand } = clock
    if (random.below(3) > 0) {
      clock.remove(hand!)
      gone.push(hand!)
    }
  }
  expect(gone).toContain(first)
  for (const entry of gone) {
    expect(entry.value).toBeUndefined()
    expect(entry.previous).toBe(entry)
    expect(entry.next).toBe(entry)
  }
})
