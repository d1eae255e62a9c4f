import { expect, test } from 'vitest'

import { BlockCache } from './block-cache.ts'
import { CacheOwner } from './clock.ts'

const block = { sizeBytes: 1000 - 480 }

test('stays within its budget and keeps what is used', () => {
  const cache = new BlockCache({ capacityBytes: 10_000 })
  const owner = new CacheOwner()
  for (let offset = 0; offset < 100; offset++) {
    cache.insert(owner, offset, block)
    expect(cache.get(owner, 0)).toBe(block)
    expect(cache.usedBytes).toBeLessThanOrEqual(10_000)
  }
  expect(cache.stats).toMatchObject({ entries: 10, usedBytes: 10_000, evictions: 90, hits: 100 })
  expect(cache.get(owner, 50)).toBeUndefined()
})

test('gives room to memory that others reserve', () => {
  const cache = new BlockCache({ capacityBytes: 10_000 })
  const owner = new CacheOwner()
  for (let offset = 0; offset < 10; offset++) cache.insert(owner, offset, block)
  cache.reserve(6_000)
  expect(cache.stats).toMatchObject({ entries: 4, reservedBytes: 6_000 })
  cache.reserve(-6_000)
  expect(cache.reservedBytes).toBe(0)
})

test('forgets the blocks of a file that closes, and takes none above its budget', () => {
  const cache = new BlockCache({ capacityBytes: 10_000 })
  const first = new CacheOwner()
  const second = new CacheOwner()
  cache.insert(first, 0, block)
  cache.insert(second, 0, block)
  cache.insert(second, 1, { sizeBytes: 20_000 })
  cache.removeOwner(first)
  expect(cache.get(first, 0)).toBeUndefined()
  expect(cache.get(second, 0)).toBe(block)
  expect(cache.stats.entries).toBe(1)
})

test('admits what is missed while there is room, and then what was missed before', () => {
  const cache = new BlockCache({ capacityBytes: 10_000 })
  const owner = new CacheOwner()
  for (let offset = 0; offset < 10; offset++) {
    expect(cache.admits(owner, offset)).toBe(true)
    cache.insert(owner, offset, block)
  }
  expect(cache.admits(owner, 100)).toBe(false)
  expect(cache.admits(new CacheOwner(), 100)).toBe(false)
  expect(cache.admits(owner, 100)).toBe(true)
  // Forgotten when many others were missed since.
  let known = 0
  for (let i = 0; i < 2000; i++) if (cache.admits(owner, 1000 + i * 4096)) known++
  expect(known).toBeLessThan(400)
  expect(cache.admits(owner, 100)).toBe(false)
  cache.reserve(-1)
  cache.removeOwner(owner)
  expect(cache.admits(owner, 200)).toBe(true)
})
