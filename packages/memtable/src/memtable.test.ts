import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import {
  bytewiseComparator,
  encodeInternalKey,
  InternalKeyComparator,
  maxSequence,
  reverseBytewiseComparator,
  sequenceOf,
  userKeyOf,
  utf8Bytes,
  utf8Text,
  valueTypeForSeek,
  ValueType,
  valueTypeOf,
  type Comparator,
  type InternalIterator,
} from '@varve/base'

import { Memtable, openSharedMemtable } from './index.ts'

const show = (iterator: InternalIterator): string =>
  `${utf8Text(userKeyOf(iterator.key))}#${sequenceOf(iterator.key)},${valueTypeOf(iterator.key)}=${utf8Text(iterator.value)}`

function forward(iterator: InternalIterator): string[] {
  const seen: string[] = []
  for (iterator.seekToFirst(); iterator.valid; iterator.next()) seen.push(show(iterator))
  return seen
}

/** An order that no tree of bytes has. */
const byLengthFirst: Comparator = {
  name: 'by length first',
  compare: (a, b) => a.length - b.length || bytewiseComparator.compare(a, b),
}

function backward(iterator: InternalIterator): string[] {
  const seen: string[] = []
  for (iterator.seekToLast(); iterator.valid; iterator.prev()) seen.push(show(iterator))
  return seen.reverse()
}

/** The entry of the model that is first (direction 1) or last (-1) of those that match. */
function nearest(
  model: readonly Uint8Array[],
  matches: (key: Uint8Array) => boolean,
  order: InternalKeyComparator,
  direction: 1 | -1,
): Uint8Array | undefined {
  let best: Uint8Array | undefined
  for (const key of model)
    if (matches(key) && (best === undefined || order.compare(key, best) * direction < 0)) best = key
  return best
}

describe('Memtable', () => {
  it('finds the newest version a snapshot may see', () => {
    const memtable = new Memtable()
    memtable.add(1, ValueType.Value, utf8Bytes('k'), utf8Bytes('one'))
    memtable.add(5, ValueType.Deletion, utf8Bytes('k'))
    memtable.add(9, ValueType.Value, utf8Bytes('k'), utf8Bytes('nine'))
    const at = (snapshot: number): string => {
      const entry = memtable.find(utf8Bytes('k'), snapshot)
      if (entry === 0) return 'none'
      return `${memtable.entrySequence(entry)},${memtable.entryType(entry)}=${utf8Text(memtable.entryValue(entry))}`
    }
    expect([0, 1, 4, 5, 8, 9, maxSequence].map(at)).toEqual([
      'none',
      '1,1=one',
      '1,1=one',
      '5,0=',
      '5,0=',
      '9,1=nine',
      '9,1=nine',
    ])
    expect(memtable.find(utf8Bytes('j'), maxSequence)).toBe(0)
    expect(memtable.entrySequence(memtable.olderEntry(memtable.find(utf8Bytes('k'), 9)))).toBe(5)
    expect(memtable.deletionCount).toBe(1)
  })

  const entries = fc.array(
    fc.record({
      key: fc.uint8Array({ maxLength: 6, max: 3 }),
      value: fc.uint8Array({ maxLength: 40 }),
      type: fc.constantFrom(0, 1, 2),
    }),
    { maxLength: 200 },
  )

  for (const comparator of [bytewiseComparator, reverseBytewiseComparator, byLengthFirst]) {
    test.prop([entries, fc.uint8Array({ maxLength: 6, max: 3 }), fc.nat(220)])(
      `orders and seeks like a sorted list (${comparator.name})`,
      (list, target, sequence) => {
        const memtable = new Memtable({ comparator, initialCapacityBytes: 64 })
        const order = new InternalKeyComparator(comparator)
        const model: { key: Uint8Array; text: string }[] = []
        for (const [i, { key, value, type }] of list.entries()) {
          memtable.add(i + 1, type, key, value)
          const internal = encodeInternalKey(key, i + 1, type)
          model.push({
            key: internal,
            text: `${utf8Text(key)}#${i + 1},${type}=${utf8Text(value)}`,
          })
        }
        model.sort((a, b) => order.compare(a.key, b.key))
        const texts = model.map(({ text }) => text)
        const iterator = memtable.iterator()
        expect(forward(iterator)).toEqual(texts)
        expect(backward(iterator)).toEqual(texts)

        const seekKey = encodeInternalKey(target, sequence, valueTypeForSeek)
        iterator.seek(seekKey)
        expect(iterator.valid ? show(iterator) : undefined).toBe(
          model.find(({ key }) => order.compare(key, seekKey) >= 0)?.text,
        )
        iterator.seekForPrev(seekKey)
        expect(iterator.valid ? show(iterator) : undefined).toBe(
          model.findLast(({ key }) => order.compare(key, seekKey) <= 0)?.text,
        )

        memtable.seal()
        const cloned = structuredClone(memtable.share())
        expect(cloned.entryCount).toBe(list.length)
        expect(forward(openSharedMemtable(cloned, comparator))).toEqual(texts)
      },
    )
  }

  it('keeps an iterator right while entries are added and memory grows', () => {
    const memtable = new Memtable({ initialCapacityBytes: 64 })
    memtable.add(1, ValueType.Value, utf8Bytes('a'), utf8Bytes('1'))
    memtable.add(2, ValueType.Value, utf8Bytes('z'), utf8Bytes('2'))
    const iterator = memtable.iterator()
    iterator.seekToFirst()
    const value = iterator.value
    for (let i = 0; i < 5000; i++)
      memtable.add(
        3 + i,
        ValueType.Value,
        utf8Bytes(`m${String(i).padStart(5, '0')}`),
        utf8Bytes('x'.repeat(50)),
      )
    expect(utf8Text(value)).toBe('1')
    iterator.next()
    expect(show(iterator).slice(0, 6)).toBe('m00000')
    expect(forward(memtable.iterator())).toHaveLength(5002)
  })

  const wideKeys = fc.array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 2 }),
      fc.uint8Array({ minLength: 38, maxLength: 40, max: 1 }),
      fc.nat(400).map((n) => Uint8Array.of(7, 7, 7, n >>> 8, n & 255)),
    ),
    { minLength: 150, maxLength: 900, size: 'max' },
  )

  test.prop([wideKeys, fc.array(fc.nat(3), { minLength: 1 })], { numRuns: 25 })(
    'keeps a cursor right between insertions, whatever nodes grow and split',
    (keys, moves) => {
      for (const comparator of [bytewiseComparator, reverseBytewiseComparator, byLengthFirst]) {
        const memtable = new Memtable({ comparator, initialCapacityBytes: 64 })
        const order = new InternalKeyComparator(comparator)
        const iterator = memtable.iterator()
        const model: Uint8Array[] = []
        for (const [i, key] of keys.entries()) {
          memtable.add(i + 1, ValueType.Value, key)
          model.push(encodeInternalKey(key, i + 1, ValueType.Value))
          expect(memtable.entrySequence(memtable.find(key, maxSequence))).toBe(i + 1)
          const move = moves[i % moves.length]!
          const current = iterator.valid ? new Uint8Array(iterator.key) : undefined
          if (current === undefined || i % 97 === 0) {
            if (move === 0) iterator.seekToFirst()
            else iterator.seek(encodeInternalKey(key, i, valueTypeForSeek))
          } else if (move < 3) {
            iterator.next()
            const next = nearest(model, (k) => order.compare(k, current) > 0, order, 1)
            expect(iterator.valid ? new Uint8Array(iterator.key) : undefined).toEqual(next)
          } else {
            iterator.prev()
            const before = nearest(model, (k) => order.compare(k, current) < 0, order, -1)
            expect(iterator.valid ? new Uint8Array(iterator.key) : undefined).toEqual(before)
          }
        }
        expect(forward(iterator)).toHaveLength(keys.length)
        expect(backward(iterator)).toEqual(forward(iterator))
      }
    },
  )

  it('takes entries out of bytes that were stored before', () => {
    const memtable = new Memtable()
    const at = memtable.store(utf8Bytes('..key-one=value-one'), 2, 19)
    memtable.addStored(1, ValueType.Value, at, 7, at + 8, 9)
    memtable.addStored(2, ValueType.Deletion, at, 3, at, 0)
    expect(forward(memtable.iterator())).toEqual(['key#2,0=', 'key-one#1,1=value-one'])
    const entry = memtable.find(utf8Bytes('key-one'), 9)
    expect(utf8Text(memtable.copyValue(entry))).toBe('value-one')
  })

  it('knows the newest range tombstone over a key', () => {
    const memtable = new Memtable()
    memtable.addRangeTombstone(5, utf8Bytes('b'), utf8Bytes('f'))
    memtable.addRangeTombstone(9, utf8Bytes('d'), utf8Bytes('h'))
    memtable.addRangeTombstone(11, utf8Bytes('x'), utf8Bytes('x'))
    const at = (key: string, snapshot: number): number =>
      memtable.maxCoveringTombstone(utf8Bytes(key), snapshot)
    expect([at('a', 99), at('b', 99), at('d', 99), at('f', 99), at('h', 99), at('x', 99)]).toEqual([
      -1, 5, 9, 9, -1, -1,
    ])
    expect([at('d', 8), at('g', 8), at('b', 4)]).toEqual([5, -1, -1])
  })

  test.prop([fc.array(fc.tuple(fc.nat(15), fc.nat(15)), { maxLength: 12 })])(
    'fragments tombstones without changing what they cover',
    (ranges) => {
      const memtable = new Memtable()
      for (const [i, [a, b]] of ranges.entries())
        memtable.addRangeTombstone(i + 1, Uint8Array.of(a), Uint8Array.of(b))
      for (let key = 0; key < 16; key++) {
        for (const snapshot of [3, 100]) {
          let expected = -1
          for (const [i, [a, b]] of ranges.entries())
            if (a <= key && key < b && i + 1 <= snapshot) expected = i + 1
          expect(memtable.maxCoveringTombstone(Uint8Array.of(key), snapshot)).toBe(expected)
        }
      }
    },
  )

  it('takes nothing once sealed', () => {
    const memtable = new Memtable()
    memtable.seal()
    expect(() => memtable.add(1, ValueType.Value, utf8Bytes('a'))).toThrow('sealed')
  })
})
