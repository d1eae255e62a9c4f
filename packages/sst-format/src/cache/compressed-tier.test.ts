import fc from 'fast-check'
import { expect, test } from 'vitest'

import { BlockCache, CacheOwner } from './block-cache.ts'
import { CompressedTier } from './compressed-tier.ts'

/** Bytes that tell whose they are. */
function blockOf(owner: number, offset: number, size: number): Uint8Array {
  return new Uint8Array(size).map((_, i) => owner * 31 + offset * 7 + i)
}

test('compressed blocks come back as they were, or not at all', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          owner: fc.integer({ min: 1, max: 3 }),
          offset: fc.oneof(
            fc.nat({ max: 20 }),
            fc.nat({ max: 20 }).map((n) => n + 2 ** 33),
          ),
          size: fc.oneof(
            fc.integer({ min: 1, max: 5000 }),
            fc.integer({ min: 60_000, max: 140_000 }),
          ),
          action: fc.constantFrom('write', 'write', 'read', 'read', 'drop', 'grow', 'shrink'),
        }),
        { maxLength: 300 },
      ),
      (steps) => {
        const tier = new CompressedTier()
        const written = new Map<string, Uint8Array>()
        const target = new Uint8Array(150_000)
        for (const { owner, offset, size, action } of steps) {
          const name = `${owner}/${offset}`
          if (action === 'shrink') tier.shrink()
          else if (action === 'read') {
            const found = tier.read(owner, offset, target)
            if (found > 0) expect(target.subarray(0, found)).toEqual(written.get(name))
          } else if (action === 'drop') {
            tier.read(owner, offset, target)
            tier.dropLastRead()
            tier.dropLastRead()
            expect(tier.read(owner, offset, target)).toBe(0)
          } else {
            // Blocks of a file never change.
            const block = written.get(name) ?? blockOf(owner, offset, size)
            written.set(name, block)
            const mayGrow = action === 'grow'
            const full = tier.isFull(block.length)
            tier.write(owner, offset, block, block.length, mayGrow)
            if (block.length < 100_000 && (mayGrow || !full))
              expect(tier.read(owner, offset, target)).toBe(block.length)
          }
        }
        while (tier.shrink());
        expect(tier.usedBytes).toBe(0)
      },
    ),
    { numRuns: 200 },
  )
})

test('blocks that are not admitted are kept compressed, within the budget and its part of it', () => {
  const capacityBytes = 20 << 20
  const cache = new BlockCache({ capacityBytes, compressedSecondaryRatio: 0.5 })
  const owner = new CacheOwner()
  const target = new Uint8Array(4096)
  let offset = 0
  while (cache.admits(owner, offset)) cache.insert(owner, (offset += 4096), { sizeBytes: 4096 })
  expect(cache.stats.compressedBytes).toBe(0)
  for (let i = 0; i < 10_000; i++)
    cache.keepCompressed(owner, (offset += 4096), new Uint8Array(2048), 2048)
  expect(cache.usedBytes).toBeLessThanOrEqual(capacityBytes)
  const { compressedBytes } = cache.stats
  expect(compressedBytes).toBeGreaterThan(7 << 20)
  expect(compressedBytes).toBeLessThanOrEqual(10 << 20)
  expect(cache.readCompressed(owner, offset, target)).toBe(2048)
  // Of the oldest none is left.
  expect(cache.readCompressed(owner, offset - 9_999 * 4096, target)).toBe(0)
  // What others need goes from both parts.
  cache.reserve(16 << 20)
  expect(cache.stats.compressedBytes).toBeLessThanOrEqual(2 << 20)
  expect(cache.usedBytes + cache.reservedBytes).toBeLessThanOrEqual(capacityBytes)
  cache.reserve(4 << 20)
  expect(cache.stats).toMatchObject({ compressedBytes: 0, entries: 0 })
})

test('what is looked up again is kept decompressed as long as there is room, and not in both ways', () => {
  const cache = new BlockCache({ capacityBytes: 8 << 20 })
  const owner = new CacheOwner()
  const target = new Uint8Array(4096)
  const blocks = 1500
  for (let i = 0; i < blocks; i++)
    expect(cache.keepCompressed(owner, i * 4096, new Uint8Array(2000), 2000)).toBe(true)
  expect(cache.stats.entries).toBe(0)
  const before = cache.stats.compressedBytes
  let promoted = 0
  for (let i = 0; i < blocks; i++) {
    if (cache.readCompressed(owner, i * 4096, target) === 0 || !cache.promotes()) continue
    promoted++
    expect(cache.readCompressed(owner, i * 4096, target)).toBe(0)
    cache.insert(owner, i * 4096, { sizeBytes: 4200 })
    expect(cache.usedBytes).toBeLessThanOrEqual(cache.capacityBytes)
  }
  // Chunks of which little is left made place for it, and took that along.
  expect(promoted).toBeGreaterThan(1200)
  expect(cache.stats.evictions).toBe(0)
  expect(cache.stats.compressedBytes).toBeLessThan(before * 0.7)
})

test('chunks that were emptied do not become ever more, and the rest is found', () => {
  const tier = new CompressedTier()
  const target = new Uint8Array(4096)
  // One of two hundred is never looked up again.
  const block = blockOf(1, 1, 2000)
  for (let i = 0; i < 40_000; i++) {
    tier.write(1, i, block, 2000, true)
    if (i % 200 === 0 || tier.read(1, i, target) === 0) continue
    tier.dropLastRead()
    expect(tier.usedBytes).toBeLessThan(6 << 20)
  }
  for (let i = 39_000; i < 40_000; i++)
    if (tier.read(1, i, target) > 0) expect(target.subarray(0, 2000)).toEqual(block)
  expect(tier.read(1, 39_800, target)).toBe(2000)
  while (tier.shrink());
  expect(tier.usedBytes).toBe(0)
})

test('where nothing can be kept compressed, the caller is told', () => {
  const owner = new CacheOwner()
  const small = new BlockCache({ capacityBytes: 1 << 20 })
  expect(small.keepCompressed(owner, 0, new Uint8Array(2048), 2048)).toBe(false)
  const large = new BlockCache({ capacityBytes: 64 << 20 })
  expect(large.keepCompressed(owner, 0, new Uint8Array(200_000), 200_000)).toBe(false)
  expect(large.keepCompressed(owner, 0, new Uint8Array(2048), 2048)).toBe(true)
})

test('one of eight blocks that are found compressed takes the place of one that is not looked up', () => {
  const cache = new BlockCache({ capacityBytes: 10_000 })
  const owner = new CacheOwner()
  for (let offset = 0; offset < 20; offset++) cache.insert(owner, offset, { sizeBytes: 520 })
  expect(cache.hasRoom).toBe(false)
  const promoted = Array.from({ length: 32 }, () => cache.promotes())
  expect(promoted.filter(Boolean)).toHaveLength(4)
  // Looked up three times, each stays for three rounds.
  for (let i = 0; i < 3 * 20; i++) cache.get(owner, i % 20)
  const later = Array.from({ length: 32 }, () => cache.promotes())
  expect(later.filter(Boolean)).toHaveLength(0)
})

test('a ratio outside 0 to 1 is refused', () => {
  expect(new BlockCache({ capacityBytes: 1, compressedSecondaryRatio: 0 }).keepsCompressed).toBe(
    false,
  )
  for (const compressedSecondaryRatio of [-0.1, 1.5, Number.NaN])
    expect(() => new BlockCache({ capacityBytes: 1, compressedSecondaryRatio })).toThrow('0 to 1')
})
