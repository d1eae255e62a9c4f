import { describe, expect, it } from 'vitest'

import {
  bytewiseComparator,
  maxSequence,
  utf8Bytes,
  utf8Text,
  ValueType,
  type Comparator,
} from '@varve/base'
import { createSeededRandom } from '@varve/base/testing'

import { Memtable, openSharedMemtable, SpareMemory, type LendMemory } from './index.ts'

const named: Comparator = { name: 'another', compare: bytewiseComparator.compare }

/** About 3 MiB of entries, whose keys depend on the seed. */
function fill(memtable: Memtable, seed: number, between?: () => void): Map<string, string> {
  const random = createSeededRandom(seed)
  const model = new Map<string, string>()
  for (let i = 0; i < 6000; i++) {
    const key = `key ${Math.floor(random.next() * 8000)}`
    const value = `${seed}-${i}`.padEnd(Math.floor(random.next() * 900), '.')
    memtable.add(i + 1, ValueType.Value, utf8Bytes(key), utf8Bytes(value))
    model.set(key, value)
    if (i % 100 === 0) between?.()
  }
  return model
}

function contentOf(memtable: Memtable): Map<string, string> {
  const content = new Map<string, string>()
  using iterator = memtable.iterator()
  for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
    const key = utf8Text(iterator.key.subarray(0, -8))
    // Versions come newest first.
    if (!content.has(key)) content.set(key, utf8Text(iterator.value))
  }
  return content
}

const byKey = (model: Map<string, string>): [string, string][] =>
  [...model].sort(([a], [b]) => (a < b ? -1 : 1))

describe('SpareMemory', () => {
  it.each([
    ['a tree', bytewiseComparator],
    ['a skip list', named],
  ])(
    'gives memory from one memtable to the next, which finds nothing of it: %s',
    (_, comparator) => {
      const spares = new SpareMemory(1)
      const buffers = new Set<SharedArrayBuffer>()
      for (let seed = 1; seed <= 4; seed++) {
        const memtable = new Memtable({ comparator, spares })
        const model = fill(memtable, seed)
        expect([...contentOf(memtable)]).toEqual(byKey(model))
        for (const [key, value] of model) {
          const entry = memtable.find(utf8Bytes(key), maxSequence)
          expect(utf8Text(memtable.copyValue(entry))).toBe(value)
        }
        expect(memtable.find(utf8Bytes('key 8000'), maxSequence)).toBe(0)
        memtable.seal()
        buffers.add(memtable.share().buffer)
        using shared = openSharedMemtable(memtable.share(), comparator)
        shared.seekToFirst()
        expect(shared.valid).toBe(true)
        expect(spares.sizeBytes).toBe(0)
        memtable.unref()
        expect(spares.sizeBytes).toBeGreaterThan(2 << 20)
      }
      expect(buffers.size).toBe(1)
    },
  )

  it('leaves memory alone while somebody holds the memtable', () => {
    const spares = new SpareMemory(1)
    const first = new Memtable({ spares })
    const model = fill(first, 1)
    first.ref()
    first.unref()
    fill(new Memtable({ spares }), 2)
    expect([...contentOf(first)]).toEqual(byKey(model))
    first.unref()
    expect(() => first.unref()).toThrow('no more often than it is held')
  })

  it('counts as resident what was used before', () => {
    const spares = new SpareMemory(1)
    const first = new Memtable({ spares })
    fill(first, 1)
    const usedBytes = first.approximateMemoryBytes
    first.unref()
    const second = new Memtable({ spares })
    const value = new Uint8Array(600 << 10)
    second.add(1, ValueType.Value, utf8Bytes('a'), value)
    expect(second.residentBytes).toBeLessThan(700 << 10)
    second.add(2, ValueType.Value, utf8Bytes('b'), value)
    expect(second.approximateMemoryBytes).toBeLessThan(1300 << 10)
    expect(second.residentBytes).toBe(usedBytes)
  })

  it('keeps no more than its bound, and nothing small', () => {
    const spares = new SpareMemory(1)
    const memtables = [1, 2].map((seed) => {
      const memtable = new Memtable({ spares })
      fill(memtable, seed)
      return memtable
    })
    for (const memtable of memtables) memtable.unref()
    const { sizeBytes } = spares
    expect(sizeBytes).toBeLessThan(8 << 20)
    new Memtable({ spares }).unref()
    expect(spares.sizeBytes).toBe(sizeBytes)
    spares.clear()
    expect(spares.sizeBytes).toBe(0)
  })

  it('lends what no memtable has grown into, and takes it back before one does', () => {
    /** Who borrows writes over all it has, all the time. */
    const loans: { bytes: Uint8Array; from: number }[] = []
    const lend: LendMemory = (buffer, sizeBytes) => {
      const loan = { bytes: new Uint8Array(buffer, 0, sizeBytes), from: 0 }
      loans.push(loan)
      const reclaimTo = (bytes: number): void => {
        loan.from = Math.max(loan.from, Math.min(bytes, sizeBytes))
      }
      return { reclaimTo, end: () => reclaimTo(sizeBytes) }
    }
    const scribble = (): void => {
      for (const { bytes, from } of loans) bytes.fill(0xdd, from)
    }
    const lentBytes = (): number =>
      loans.reduce((sum, { bytes, from }) => sum + bytes.length - from, 0)
    const spares = new SpareMemory(2, lend)
    for (let seed = 1; seed <= 4; seed++) {
      const memtable = new Memtable({ spares })
      scribble()
      const model = fill(memtable, seed, scribble)
      expect([...contentOf(memtable)]).toEqual(byKey(model))
      if (seed > 1) expect(lentBytes()).toBeLessThan(1 << 20)
      memtable.unref()
      expect(lentBytes()).toBe(spares.sizeBytes)
    }
    const last = new Memtable({ spares })
    last.add(1, ValueType.Value, utf8Bytes('a'), new Uint8Array(1200 << 10))
    expect(lentBytes()).toBeGreaterThan(1 << 20)
    spares.close()
    expect(lentBytes()).toBe(0)
    last.unref()
    expect([lentBytes(), spares.sizeBytes]).toEqual([0, 0])
  })

  it('takes back what is lent of memory that a memtable outgrows', () => {
    const ended: number[] = []
    const spares = new SpareMemory(2, ({ byteLength }) => ({
      reclaimTo: () => undefined,
      end: () => ended.push(byteLength),
    }))
    const sizes = [2, 8].map((mebibytes) => mebibytes << 20)
    for (const dirtyBytes of sizes)
      spares.give({ buffer: new SharedArrayBuffer(dirtyBytes), dirtyBytes })
    const memtable = new Memtable({ spares })
    fill(memtable, 8)
    expect(memtable.entryCount).toBe(6000)
    expect(ended).toEqual([sizes[0]])
    spares.close()
    expect(ended).toEqual(sizes)
    memtable.unref()
  })
})
