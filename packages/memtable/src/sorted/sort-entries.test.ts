import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'

import {
  bytewiseComparator,
  encodeInternalKey,
  formatHex,
  InternalKeyComparator,
  reverseBytewiseComparator,
  sequenceOf,
  userKeyOf,
  utf8Bytes,
  ValueType,
  type InternalIterator,
} from '@varve/base'

import { Memtable, openSharedMemtable } from '../index.ts'

/** The sealed memtable as another thread reads it, which has no tree. */
function sortedIn(memtable: Memtable, comparator = bytewiseComparator): InternalIterator {
  memtable.seal()
  const shared = memtable.share()
  expect(shared.unordered).toBeDefined()
  return openSharedMemtable(structuredClone(shared), comparator)
}

function keysOf(iterator: InternalIterator): string[] {
  const keys: string[] = []
  for (iterator.seekToFirst(); iterator.valid; iterator.next())
    keys.push(`${formatHex(userKeyOf(iterator.key))}#${sequenceOf(iterator.key)}`)
  return keys
}

/** Keys that share beginnings of all lengths, zeros and ends included. */
const key = fc
  .tuple(
    fc.constantFrom('', 'a', 'common beginning/', 'common beginning/of more than that/'),
    fc.uint8Array({ maxLength: 12, max: 3 }),
    fc.constantFrom(0, 0, 0, 9, 30),
  )
  .map(([beginning, bytes, zeros]) =>
    Uint8Array.from([...utf8Bytes(beginning), ...bytes, ...new Uint8Array(zeros)]),
  )

for (const comparator of [bytewiseComparator, reverseBytewiseComparator]) {
  const order = new InternalKeyComparator(comparator)

  test.prop([fc.array(key, { minLength: 1, maxLength: 400 }), fc.array(key, { maxLength: 20 })])(
    `what nobody read is in order for who flushes it (${comparator.name})`,
    (keys, targets) => {
      const memtable = new Memtable({ comparator })
      for (const [i, userKey] of keys.entries()) memtable.add(i + 1, ValueType.Value, userKey)
      const model = keys
        .map((userKey, i) => encodeInternalKey(userKey, i + 1, ValueType.Value))
        .sort((a, b) => order.compare(a, b))
      using iterator = sortedIn(memtable, comparator)
      expect(keysOf(iterator)).toEqual(
        model.map((entry) => `${formatHex(userKeyOf(entry))}#${sequenceOf(entry)}`),
      )
      for (const target of targets) {
        const seeked = encodeInternalKey(target, 200, ValueType.Value)
        iterator.seek(seeked)
        const after = model.find((entry) => order.compare(entry, seeked) >= 0)
        expect(iterator.valid ? iterator.key : undefined).toEqual(after)
        iterator.seekForPrev(seeked)
        const before = model.findLast((entry) => order.compare(entry, seeked) <= 0)
        expect(iterator.valid ? iterator.key : undefined).toEqual(before)
      }
    },
  )
}

it.each([
  ['one key', (): string => 'key'],
  ['falling numbers', (i: number): string => `${100_000 - i}`.padStart(16, '0')],
  [
    'numbers behind a long beginning',
    (i: number): string => `${'b'.repeat(100)}${(i * 7919) % 10_007}`,
  ],
  ['keys of which each begins with the one before', (i: number): string => 'x'.repeat(i % 700)],
])('sorts many entries: %s', (_, keyOf) => {
  const memtable = new Memtable()
  const model: Uint8Array[] = []
  for (let i = 0; i < 20_000; i++) {
    const userKey = utf8Bytes(keyOf(i))
    memtable.add(i + 1, ValueType.Value, userKey)
    model.push(encodeInternalKey(userKey, i + 1, ValueType.Value))
  }
  const order = new InternalKeyComparator(bytewiseComparator)
  model.sort((a, b) => order.compare(a, b))
  using iterator = sortedIn(memtable)
  expect(keysOf(iterator)).toEqual(
    model.map((entry) => `${formatHex(userKeyOf(entry))}#${sequenceOf(entry)}`),
  )
})
