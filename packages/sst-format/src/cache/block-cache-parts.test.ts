import { createSeededRandom } from '@varve/base/testing'
import { expect, test } from 'vitest'

import { BlockCache } from './block-cache.ts'
import { CacheOwner, type CacheEntry } from './clock.ts'

const storedBytes = 2000
const stored = new Uint8Array(storedBytes)
const target = new Uint8Array(4096)
const block = { sizeBytes: 4200 }

/** Looks blocks of one table up as its reader does. */
class Table {
  readonly owner = new CacheOwner()
  readonly places: Uint32Array
  readonly slots: (CacheEntry | undefined)[] = []
  readonly cache: BlockCache
  /** Blocks that were read from the file, since the last {@link rates}. */
  reads = 0
  compressed = 0
  lookups = 0

  constructor(cache: BlockCache, blocks: number) {
    this.cache = cache
    this.places = new Uint32Array(blocks * 2)
    this.owner.places = this.places
  }

  get(i: number, isScan: boolean = false): void {
    const { cache, owner, places } = this
    this.lookups++
    const slot = this.slots[i]
    if (slot !== undefined && cache.use(slot) !== undefined) return
    if (!cache.readCompressed(owner, places, i, storedBytes, target)) {
      this.reads++
      cache.keepCompressed(owner, places, i, stored, storedBytes, isScan)
    } else {
      this.compressed++
      if (!cache.promotes()) return
      cache.dropCompressed(owner, places, i)
      this.slots[i] = cache.insert(owner, i * 4096, block)
    }
    expect(cache.usedBytes + cache.reservedBytes).toBeLessThanOrEqual(cache.capacityBytes)
  }

  /** Per look-up since the last time. */
  rates(): { reads: number; compressed: number } {
    const rates = { reads: this.reads / this.lookups, compressed: this.compressed / this.lookups }
    this.reads = this.compressed = this.lookups = 0
    return rates
  }
}

const blocks = 8000
const rawBytes = blocks * 4680

/** Uniform look-ups until nothing changes any more, then the rates of the last ones. */
function settle(table: Table, next: () => number): { reads: number; compressed: number } {
  for (let i = 0; i < blocks * 25; i++) table.get(next())
  table.rates()
  for (let i = 0; i < blocks * 2; i++) table.get(next())
  return table.rates()
}

function uniform(): () => number {
  const random = createSeededRandom(5)
  return () => Math.floor(random.next() * blocks)
}

test('where all blocks fit decompressed, all come to be', () => {
  const table = new Table(new BlockCache({ capacityBytes: rawBytes * 1.15 }), blocks)
  const { reads, compressed } = settle(table, uniform())
  expect(reads).toBe(0)
  expect(compressed).toBeLessThan(0.03)
})

test('where all fit only compressed, none is read any more, and what is free is for decompressed ones', () => {
  const table = new Table(new BlockCache({ capacityBytes: rawBytes * 0.7 }), blocks)
  const { reads, compressed } = settle(table, uniform())
  expect(reads).toBeLessThan(0.01)
  expect(compressed).toBeLessThan(0.9)
})

test('where they do not fit at all, nearly all of the room is for compressed ones', () => {
  const cache = new BlockCache({ capacityBytes: rawBytes * 0.3 })
  const table = new Table(cache, blocks)
  const { reads } = settle(table, uniform())
  const fitting = cache.capacityBytes / 2016 / blocks
  expect(1 - reads).toBeGreaterThan(fitting * 0.78)
  expect(cache.stats.compressedBytes / cache.capacityBytes).toBeGreaterThan(0.75)
})

test('blocks that are wanted much more than others are decompressed nevertheless', () => {
  const cache = new BlockCache({ capacityBytes: rawBytes * 0.3 })
  const table = new Table(cache, blocks)
  const random = createSeededRandom(6)
  const skewed = (): number =>
    Math.floor(random.next() * (random.next() < 0.8 ? blocks / 50 : blocks))
  const { reads, compressed } = settle(table, skewed)
  expect(compressed).toBeLessThan(0.2)
  expect(reads).toBeLessThan(0.15)
})

test('what others reserve goes from both parts, and comes back', () => {
  const capacityBytes = rawBytes * 0.7
  const cache = new BlockCache({ capacityBytes })
  const table = new Table(cache, blocks)
  const next = uniform()
  settle(table, next)
  cache.reserve(capacityBytes * 0.6)
  expect(cache.usedBytes + cache.reservedBytes).toBeLessThanOrEqual(capacityBytes)
  expect(settle(table, next).reads).toBeGreaterThan(0.2)
  cache.reserve(capacityBytes * 0.4)
  expect(cache.usedBytes).toBe(0)
  cache.reserve(-capacityBytes)
  expect(settle(table, next).reads).toBeLessThan(0.01)
  cache.removeOwner(table.owner)
  expect(cache.stats.entries).toBe(0)
  expect(cache.stats.compressedBytes).toBeLessThanOrEqual(1 << 20)
})

test('the ratio bounds what is kept compressed', () => {
  const capacityBytes = 20 << 20
  const cache = new BlockCache({ capacityBytes, compressedSecondaryRatio: 0.5 })
  const table = new Table(cache, blocks)
  settle(table, uniform())
  const { compressedBytes, entries } = cache.stats
  expect(compressedBytes).toBeGreaterThan(7 << 20)
  expect(compressedBytes).toBeLessThanOrEqual(10 << 20)
  expect(entries).toBeGreaterThan(0)
  const none = new BlockCache({ capacityBytes, compressedSecondaryRatio: 0 })
  expect(none.keepsCompressed(2000)).toBe(false)
  for (const compressedSecondaryRatio of [-0.1, 1.5, Number.NaN])
    expect(() => new BlockCache({ capacityBytes: 1, compressedSecondaryRatio })).toThrow('0 to 1')
})

test('a scan takes no place from what is looked up', () => {
  const cache = new BlockCache({ capacityBytes: 16 << 20 })
  const table = new Table(cache, 3000)
  for (let round = 0; round < 5; round++) for (let i = 0; i < 3000; i++) table.get(i)
  const scanned = new Table(cache, 20_000)
  for (let i = 0; i < 20_000; i++) scanned.get(i, true)
  expect(scanned.rates().reads).toBe(1)
  table.rates()
  for (let i = 0; i < 3000; i++) table.get(i)
  expect(table.rates().reads).toBeLessThan(0.1)
})

test('nothing is kept compressed where there is too little room, and no block that is too large', () => {
  expect(new BlockCache({ capacityBytes: 1 << 20 }).keepsCompressed(2000)).toBe(false)
  const cache = new BlockCache({ capacityBytes: 64 << 20 })
  expect(cache.keepsCompressed(200_000)).toBe(false)
  expect(cache.keepsCompressed(2000)).toBe(true)
  cache.reserve(63 << 20)
  expect(cache.keepsCompressed(2000)).toBe(false)
})
