import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import {
  bytewiseComparator,
  encodeInternalKey,
  maxSequence,
  reverseBytewiseComparator,
  sequenceOf,
  userKeyOf,
  utf8Bytes,
  utf8Text,
  ValueType,
  valueTypeForSeek,
  type Comparator,
  type InternalIterator,
} from '@varve/base'
import { createSeededRandom } from '@varve/base/testing'

import { Arena } from './arena.ts'
import { entryKeyLength, entryKeyStart, entryWords } from './entry.ts'
import { KeyIndex } from './key-index.ts'
import { hashKey, Memtable, openSharedMemtable, SpareMemory } from './index.ts'

/** An index with entries that have a key and nothing else. */
class Keys {
  readonly arena = new Arena(4096)
  readonly index = new KeyIndex(this.arena)

  add(hash: number, key: Uint8Array): boolean {
    const start = this.arena.append(key, 0, key.length)
    const entry = this.arena.allocate(entryWords)
    this.arena.words[entry + entryKeyStart] = start
    this.arena.words[entry + entryKeyLength] = key.length
    return this.index.add(hash, entry)
  }

  find(hash: number, key: Uint8Array): string | undefined {
    const place = this.index.find(hash, key, 0, key.length)
    if (place === 0) return undefined
    const { words, bytes } = this.arena
    const entry = words[place]!
    const start = words[entry + entryKeyStart]!
    return utf8Text(bytes.subarray(start, start + words[entry + entryKeyLength]!))
  }
}

describe('KeyIndex', () => {
  it.each([
    ['numbers', (i: number) => String(i).padStart(16, '0')],
    ['spread numbers', (i: number) => String((i * 7_654_321) % 100_000_007).padStart(9, '0')],
    ['words of all lengths', (i: number) => `${'ab'.repeat(i % 40)}${i}`],
  ])('finds each of many keys and no other: %s', (_, keyOf) => {
    const keys = new Keys()
    const count = 20_000
    for (let i = 0; i < count; i++) {
      const key = utf8Bytes(keyOf(i))
      expect(keys.add(hashKey(key, 0, key.length), key)).toBe(true)
    }
    for (let i = 0; i < count; i++) {
      const key = utf8Bytes(keyOf(i))
      expect(keys.find(hashKey(key, 0, key.length), key)).toBe(keyOf(i))
      const other = utf8Bytes(`${keyOf(i)}x`)
      expect(keys.find(hashKey(other, 0, other.length), other)).toBeUndefined()
    }
    expect(keys.index.directoryBytes).toBeLessThan(count)
  })

  test.prop(
    [
      fc.array(fc.tuple(fc.nat(0xffff), fc.constantFrom(0, 0x1000_0000, 0x7fff_0000)), {
        maxLength: 3000,
        size: 'max',
      }),
    ],
    { numRuns: 20 },
  )('finds whatever it took, however the hashes lie', (hashes) => {
    const keys = new Keys()
    const taken: [number, Uint8Array][] = []
    for (const [i, [low, high]] of hashes.entries()) {
      const hash = (high + (low % 700)) | 0
      const key = utf8Bytes(`${i}`)
      if (!keys.add(hash, key)) break
      taken.push([hash, key])
    }
    for (const [hash, key] of taken) expect(keys.find(hash, key)).toBe(utf8Text(key))
  })

  it('gives up when hashes are alike instead of growing without bound', () => {
    const keys = new Keys()
    let added = 0
    while (keys.add(0x1234_5678, utf8Bytes(`${added}`))) added++
    expect(added).toBeGreaterThan(20)
    expect(keys.arena.usedBytes).toBeLessThan(1 << 20)
    for (let i = 0; i < added; i++) expect(keys.find(0x1234_5678, utf8Bytes(`${i}`))).toBe(`${i}`)
  })
})

const byLengthFirst: Comparator = {
  name: 'by length first',
  compare: (a, b) => a.length - b.length || bytewiseComparator.compare(a, b),
}

/** Keys that differ in case are the same one. */
const ignoringCase: Comparator = {
  name: 'ignoring case',
  compare: (a, b) =>
    bytewiseComparator.compare(
      utf8Bytes(utf8Text(a).toLowerCase()),
      utf8Bytes(utf8Text(b).toLowerCase()),
    ),
}

interface Version {
  readonly sequence: number
  readonly type: number
  readonly text: string
}

describe('a memtable whose keys are looked up', () => {
  for (const comparator of [bytewiseComparator, reverseBytewiseComparator, byLengthFirst]) {
    test.prop(
      [
        fc.record({
          seed: fc.integer(),
          keys: fc.constantFrom(10, 300, 3000),
          count: fc.constantFrom(200, 1000, 5000),
          firstLookup: fc.constantFrom(0, 100, 300, 4500),
          firstIterator: fc.constantFrom(0, 30, 150, 4000, 5001),
          expectsLookups: fc.boolean(),
          expectsOrder: fc.boolean(),
          unordered: fc.boolean(),
          reused: fc.boolean(),
        }),
      ],
      { numRuns: 20 },
    )(
      `answers every snapshot as a map of versions does (${comparator.name})`,
      ({ seed, keys, count, firstLookup, firstIterator, unordered, reused, ...expectations }) => {
        const random = createSeededRandom(seed)
        const spares = new SpareMemory(1)
        if (reused) {
          const before = new Memtable({ comparator, spares, expectsLookups: true })
          const value = new Uint8Array(2000)
          for (let i = 0; i < 1500; i++)
            before.add(i + 1, ValueType.Value, utf8Bytes(`b${i}`), value)
          before.unref()
        }
        const memtable = new Memtable({ comparator, spares, ...expectations })
        const model = new Map<string, Version[]>()
        let walker: InternalIterator | undefined
        for (let i = 1; i <= count; i++) {
          const key = `key ${Math.floor(random.next() * keys)}`
          const type = random.next() < 0.2 ? ValueType.Deletion : ValueType.Value
          const text = type === ValueType.Deletion ? '' : `${i}`.padEnd(random.next() * 400, '.')
          // Sequence numbers of replays of unusual histories do not rise.
          const sequence = unordered ? ((i * 7919) % 10_007) + 1 : i
          memtable.add(sequence, type, utf8Bytes(key), utf8Bytes(text))
          const versions = model.get(key) ?? []
          versions.push({ sequence, type, text })
          versions.sort((a, b) => b.sequence - a.sequence)
          model.set(key, versions)
          if (i >= firstIterator) walker ??= memtable.iterator()
          if (i < firstLookup) continue
          const asked = random.next() < 0.7 ? key : `key ${Math.floor(random.next() * keys * 2)}`
          const snapshot = random.next() < 0.5 ? maxSequence : Math.floor(random.next() * count)
          const expected = model.get(asked)?.find((version) => version.sequence <= snapshot)
          const entry = memtable.find(utf8Bytes(asked), snapshot)
          expect(entry === 0 ? undefined : memtable.entrySequence(entry)).toBe(expected?.sequence)
          if (expected !== undefined) {
            expect(memtable.entryType(entry)).toBe(expected.type)
            expect(utf8Text(memtable.entryValue(entry))).toBe(expected.text)
          }
          if (walker !== undefined && random.next() < 0.02) {
            walker.seek(encodeInternalKey(utf8Bytes(asked), snapshot, valueTypeForSeek))
            if (expected !== undefined) expect(sequenceOf(walker.key)).toBe(expected.sequence)
          }
        }
        const sorted = [...model].sort(([a], [b]) => comparator.compare(utf8Bytes(a), utf8Bytes(b)))
        const expected = sorted.flatMap(([key, versions]) =>
          versions.map(({ sequence }) => `${key}#${sequence}`),
        )
        memtable.seal()
        const shared = openSharedMemtable(structuredClone(memtable.share()), comparator)
        for (const iterator of [memtable.iterator(), shared]) {
          const forward: string[] = []
          for (iterator.seekToFirst(); iterator.valid; iterator.next())
            forward.push(`${utf8Text(userKeyOf(iterator.key))}#${sequenceOf(iterator.key)}`)
          expect(forward).toEqual(expected)
          const backward: string[] = []
          for (iterator.seekToLast(); iterator.valid; iterator.prev())
            backward.push(`${utf8Text(userKeyOf(iterator.key))}#${sequenceOf(iterator.key)}`)
          expect(backward.reverse()).toEqual(expected)
        }
        for (const [key, versions] of model) {
          let entry = memtable.find(utf8Bytes(key), maxSequence)
          for (const { sequence } of versions) {
            expect(memtable.entrySequence(entry)).toBe(sequence)
            entry = memtable.olderEntry(entry)
          }
          expect(entry).toBe(0)
        }
      },
    )
  }

  it('leaves equality of keys to an order that is not one of bytes', () => {
    const memtable = new Memtable({ comparator: ignoringCase, expectsLookups: true })
    for (let i = 1; i <= 1000; i++)
      memtable.add(i, ValueType.Value, utf8Bytes(`${i % 2 === 0 ? 'KEY' : 'key'} ${i % 400}`))
    const found = memtable.find(utf8Bytes('Key 100'), maxSequence)
    expect(memtable.entrySequence(found)).toBe(900)
    expect(memtable.entrySequence(memtable.olderEntry(found))).toBe(500)
  })

  it('says that keys were looked up often, and has no index beside a tree where they were not', () => {
    const ordered = { expectsOrder: true }
    const written = new Memtable(ordered)
    const seldomRead = new Memtable(ordered)
    const read = new Memtable(ordered)
    for (let i = 1; i <= 2000; i++) {
      for (const memtable of [written, seldomRead, read])
        memtable.add(i, ValueType.Value, utf8Bytes(`${i}`))
      if (i % 50 === 0) seldomRead.find(utf8Bytes('a'), maxSequence)
      if (i % 3 === 0) read.find(utf8Bytes('a'), maxSequence)
    }
    expect([written, seldomRead, read].map(({ lookedUp }) => lookedUp)).toEqual([
      false,
      false,
      true,
    ])
    expect(seldomRead.approximateMemoryBytes).toBe(written.approximateMemoryBytes)
    expect(read.approximateMemoryBytes).toBeGreaterThan(written.approximateMemoryBytes + 8 * 2000)
    expect(read.approximateMemoryBytes).toBeLessThan(written.approximateMemoryBytes + 32 * 2000)
  })

  it('makes nothing but a list while nobody reads, and each index for those who do', () => {
    const written = new Memtable()
    const read = new Memtable()
    const walked = new Memtable()
    for (let i = 1; i <= 2000; i++) {
      for (const memtable of [written, read, walked])
        memtable.add(i, ValueType.Value, utf8Bytes(`${(i * 7919) % 2003}`))
    }
    const before = written.approximateMemoryBytes
    expect(before).toBeLessThan(2000 * (8 + 32 + 4) + 4096)
    expect(read.find(utf8Bytes('1'), maxSequence)).not.toBe(0)
    using iterator = walked.iterator()
    iterator.seekToFirst()
    expect(utf8Text(userKeyOf(iterator.key))).toBe('1')
    const added = [read, walked].map(
      ({ approximateMemoryBytes }) => approximateMemoryBytes - before,
    )
    for (const bytes of added) {
      expect(bytes).toBeGreaterThan(8 * 2000)
      expect(bytes).toBeLessThan(32 * 2000)
    }
    expect([written, read, walked].map(({ lookedUp, iterated }) => [lookedUp, iterated])).toEqual([
      [false, false],
      [true, false],
      [false, true],
    ])
  })

  it('goes on with the tree when the hashes of its keys are alike', () => {
    const memtable = new Memtable({ expectsLookups: true })
    const keys = Array.from({ length: 600 }, (_, i) => collidingKey(i))
    expect(new Set(keys.map((key) => hashKey(key, 0, 8))).size).toBe(1)
    for (const [i, key] of keys.entries()) memtable.add(i + 1, ValueType.Value, key)
    expect(memtable.approximateMemoryBytes).toBeLessThan(200_000)
    for (const [i, key] of keys.entries()) {
      expect(memtable.entrySequence(memtable.find(key, maxSequence))).toBe(i + 1)
      memtable.add(i + 1001, ValueType.Value, key)
      expect(memtable.entrySequence(memtable.find(key, maxSequence))).toBe(i + 1001)
    }
  })
})

/** Keys of eight bytes with one hash: the last four undo what {@link hashKey} makes of the first. */
function collidingKey(i: number): Uint8Array {
  const key = new Uint8Array(8)
  const view = new DataView(key.buffer)
  view.setInt32(0, i, true)
  let hash = Math.imul(0x811c9dc5 ^ 8, 0x01000193)
  hash = Math.imul(hash ^ i, 0x85ebca6b)
  hash ^= hash >>> 15
  view.setInt32(4, hash ^ 0x5eed, true)
  return key
}
