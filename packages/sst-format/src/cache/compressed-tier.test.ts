import type { MemoryLoan } from '@varve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { chunkBytes } from './chunk.ts'
import { CacheOwner } from './clock.ts'
import { CompressedTier } from './compressed-tier.ts'

const blocksPerFile = 400

/** Bytes that tell whose they are. */
function blockOf(file: number, i: number, size: number): Uint8Array {
  return new Uint8Array(size).map((_, k) => file * 31 + i * 7 + k)
}

/** A table as far as the tier knows it. */
class File {
  readonly owner = new CacheOwner()
  readonly places = new Uint32Array(blocksPerFile * 2)

  constructor(isMovable: boolean) {
    if (isMovable) this.owner.places = this.places
  }
}

const target = new Uint8Array(150_000)

/** Memory that is lent to a tier, and taken back bit by bit. */
class Lent {
  readonly #memory = new Uint8Array(new SharedArrayBuffer(chunkBytes * 3.5))
  readonly #loan: MemoryLoan
  #reclaimed = 0

  constructor(tier: CompressedTier) {
    this.#loan = tier.lend(this.#memory.buffer as SharedArrayBuffer, this.#memory.length)
  }

  /** The owner's again are so many bytes more. */
  reclaim(bytes: number): void {
    const to = Math.min(this.#reclaimed + bytes, this.#memory.length)
    this.#loan.reclaimTo(to)
    this.#memory.fill(0xee, this.#reclaimed, to)
    this.#reclaimed = to
  }

  end(): void {
    this.#loan.end()
    this.reclaim(Infinity)
  }

  /** Nobody else writes to what is the owner's. */
  expectUntouched(): void {
    const to = this.#reclaimed
    expect(this.#memory.subarray(0, to).findIndex((byte) => byte !== 0xee)).toBe(-1)
    expect(this.#memory.subarray(chunkBytes * 3).every((byte) => byte === 0xee || byte === 0)).toBe(
      true,
    )
  }
}

test('compressed blocks come back as they were, or not at all', () => {
  const step = fc.record({
    file: fc.nat({ max: 3 }),
    first: fc.nat({ max: blocksPerFile - 1 }),
    count: fc.integer({ min: 1, max: 60 }),
    action: fc.oneof(
      { weight: 6, arbitrary: fc.constant('write') },
      { weight: 3, arbitrary: fc.constant('grow') },
      { weight: 4, arbitrary: fc.constant('read') },
      { weight: 3, arbitrary: fc.constant('drop') },
      { weight: 1, arbitrary: fc.constantFrom('shrink', 'compact', 'remove') },
      { weight: 2, arbitrary: fc.constantFrom('lend', 'reclaim', 'reclaim', 'end') },
    ),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), fc.nat({ max: 1000 }), (steps, seed) => {
      const tier = new CompressedTier()
      const files = Array.from({ length: 4 }, (_, k) => new File(k !== 3))
      const gone = new Set<string>()
      const unchecked = new Set<string>()
      const lent: Lent[] = []
      // Blocks of a file never change.
      const sizeOf = (file: number, i: number): number =>
        (i * 31 + file + seed) % 53 === 0
          ? 100_000
          : 1 + (((i + 7) * (file + 3) * 997 + seed) % 9000)
      const check = (k: number, i: number): boolean => {
        const { owner, places } = files[k]!
        const size = sizeOf(k, i)
        const isThere = tier.read(owner, places, i, size, target)
        expect(isThere).toBe(tier.has(places, i))
        if (isThere) {
          expect(gone).not.toContain(`${owner.id}/${i}`)
          // Said once, by the first who reads it.
          expect(tier.isLastReadUnchecked).toBe(unchecked.delete(`${owner.id}/${i}`))
          expect(target.subarray(0, size)).toEqual(blockOf(k, i, size))
        }
        return isThere
      }
      for (const { file: k, first, count, action } of steps) {
        const before = tier.usedBytes
        if (action === 'shrink') expect(tier.shrink()).toBe(before > 0)
        else if (action === 'compact') expect(tier.compact()).toBe(tier.usedBytes < before)
        else if (action === 'lend') lent.push(new Lent(tier))
        else if (action === 'reclaim') lent[first % lent.length]?.reclaim(count * 20_000)
        else if (action === 'end') lent[first % lent.length]?.end()
        else if (action === 'remove') {
          tier.removeOwner(files[k]!.owner)
          files[k] = new File(k !== 3)
          expect(check(k, first)).toBe(false)
        } else
          for (let i = first; i < Math.min(blocksPerFile, first + count); i++) {
            const { owner, places } = files[k]!
            const name = `${owner.id}/${i}`
            if (action === 'read') check(k, i)
            else if (action === 'drop') {
              tier.drop(owner, places, i)
              gone.add(name)
              expect(check(k, i)).toBe(false)
            } else if (!tier.has(places, i)) {
              gone.delete(name)
              const size = sizeOf(k, i)
              const used = tier.usedBytes
              const isChecked = (i * 5 + seed) % 3 > 0
              if (isChecked) unchecked.delete(name)
              else unchecked.add(name)
              const keeps = tier.write(
                owner,
                places,
                i,
                blockOf(k, i, size),
                0,
                size,
                isChecked,
                action === 'grow',
              )
              expect(check(k, i)).toBe(keeps)
              if (action === 'grow') expect(keeps).toBe(true)
              else expect(tier.usedBytes).toBeLessThanOrEqual(used)
            }
          }
        expect(tier.deadBytes).toBeGreaterThanOrEqual(0)
        expect(tier.deadBytes).toBeLessThanOrEqual(tier.usedBytes + tier.lentBytes)
      }
      for (const one of lent) one.expectUntouched()
      for (let k = 0; k < files.length; k++) for (let i = 0; i < blocksPerFile; i++) check(k, i)
      while (tier.shrink());
      expect(tier.usedBytes).toBe(0)
      for (const one of lent) one.end()
      expect(tier.lentBytes).toBe(0)
      expect(tier.deadBytes).toBe(0)
    }),
    { numRuns: 100 },
  )
})

/** Writes blocks of 2000 bytes, and says of how many are there at the end. */
function fill(tier: CompressedTier, file: File, from: number, to: number, mayGrow: boolean): void {
  for (let i = from; i < to; i++)
    tier.write(file.owner, file.places, i, blockOf(1, i, 2000), 0, 2000, true, mayGrow)
}

function here(tier: CompressedTier, file: File, from: number, to: number): number {
  let count = 0
  for (let i = from; i < to; i++) if (tier.has(file.places, i)) count++
  return count
}

function largeFile(blocks: number): File {
  const owner = new CacheOwner()
  const places = new Uint32Array(blocks * 2)
  owner.places = places
  return { owner, places }
}

test('the oldest go first, and the index knows how long ago', () => {
  const tier = new CompressedTier()
  const file = largeFile(10_000)
  fill(tier, file, 0, 2000, true)
  const { usedBytes } = tier
  expect(here(tier, file, 0, 2000)).toBe(2000)
  fill(tier, file, 2000, 5000, false)
  expect(tier.usedBytes).toBe(usedBytes)
  expect(here(tier, file, 3200, 5000)).toBe(1800)
  expect(here(tier, file, 0, 2400)).toBe(0)
  expect(tier.chunksShort(file.places, 9000)).toBe(-1)
  expect(tier.chunksShort(file.places, 3000)).toBeLessThan(2)
  expect(tier.chunksShort(file.places, 1500)).toBeGreaterThan(1)
  expect(tier.chunksShort(file.places, 0)).toBe(5)
})

test('what files that are gone took is used before anything is lost', () => {
  const tier = new CompressedTier()
  const [first, second, third] = [largeFile(5000), largeFile(5000), largeFile(5000)]
  for (let i = 0; i < 3000; i++)
    for (const file of [first, second, third]) fill(tier, file, i, i + 1, true)
  const { usedBytes } = tier
  tier.removeOwner(second.owner)
  expect(tier.deadBytes).toBeGreaterThan(2.9e6 * 2)
  // A third of every chunk is free now.
  fill(tier, first, 3000, 4500, false)
  expect(tier.usedBytes).toBe(usedBytes)
  expect(here(tier, first, 0, 4500)).toBe(4500)
  expect(here(tier, third, 0, 3000)).toBe(3000)
  for (const file of [first, third])
    for (let i = 0; i < 3000; i += 7) {
      expect(tier.read(file.owner, file.places, i, 2000, target)).toBe(true)
      expect(target.subarray(0, 2000)).toEqual(blockOf(1, i, 2000))
    }
  tier.removeOwner(first.owner)
  tier.removeOwner(third.owner)
  // Only what takes the next blocks is left.
  expect(tier.usedBytes).toBe(chunkBytes)
})

test('what is dropped gives its memory back, at once or when it is moved together', () => {
  const tier = new CompressedTier()
  const file = largeFile(5000)
  fill(tier, file, 0, 5000, true)
  const { usedBytes } = tier
  for (let i = 0; i < 5000; i++) if (i % 200 !== 0) tier.drop(file.owner, file.places, i)
  expect(tier.usedBytes).toBeLessThanOrEqual(chunkBytes)
  const other = largeFile(5000)
  fill(tier, other, 0, 5000, true)
  for (let i = 0; i < 5000; i++) if (i % 2 === 0) tier.drop(other.owner, other.places, i)
  expect(here(tier, other, 0, 5000)).toBe(2500)
  while (tier.compact());
  expect(tier.usedBytes).toBeLessThan(usedBytes * 0.65)
  expect(here(tier, other, 0, 5000)).toBe(2500)
  expect(tier.read(other.owner, other.places, 4001, 2000, target)).toBe(true)
  expect(target.subarray(0, 2000)).toEqual(blockOf(1, 4001, 2000))
})

test('lent memory is used before any of its own, and goes back with what is in it', () => {
  const tier = new CompressedTier()
  const file = largeFile(10_000)
  fill(tier, file, 0, 500, true)
  const { usedBytes } = tier
  const memory = new SharedArrayBuffer(3 * chunkBytes)
  const loan = tier.lend(memory, memory.byteLength)
  expect(tier.idleBytes).toBe(3 * chunkBytes)
  // Room for some 1,550.
  fill(tier, file, 500, 2000, false)
  expect(tier.usedBytes).toBe(usedBytes)
  expect([tier.idleBytes, tier.lentBytes]).toEqual([0, 3 * chunkBytes])
  expect(here(tier, file, 0, 2000)).toBe(2000)
  // Its beginning was filled last.
  loan.reclaimTo(1)
  expect(tier.lentBytes).toBe(2 * chunkBytes)
  expect(here(tier, file, 0, 1500)).toBe(1500)
  expect(here(tier, file, 1600, 2000)).toBe(0)
  loan.reclaimTo(chunkBytes)
  expect(tier.lentBytes).toBe(2 * chunkBytes)
  while (tier.shrink());
  expect([tier.usedBytes, tier.lentBytes]).toEqual([0, 2 * chunkBytes])
  loan.end()
  expect(tier.lentBytes).toBe(0)
  expect(here(tier, file, 0, 2000)).toBe(0)
})

test('holes in lent memory close, too, where that of its own has none', () => {
  const tier = new CompressedTier()
  const file = largeFile(10_000)
  fill(tier, file, 0, 1500, true)
  const memory = new SharedArrayBuffer(6 * chunkBytes)
  const loan = tier.lend(memory, memory.byteLength)
  fill(tier, file, 1500, 4500, false)
  for (let i = 1700; i < 4400; i++) if (i % 3 > 0) tier.drop(file.owner, file.places, i)
  const kept = here(tier, file, 0, 4500)
  const holes = (): number => tier.deadBytes / (tier.usedBytes + tier.lentBytes)
  expect(holes()).toBeGreaterThan(0.25)
  for (let k = 0; k < 3; k++) tier.compact()
  expect(holes()).toBeLessThan(0.25)
  expect(here(tier, file, 0, 4500)).toBe(kept)
  loan.end()
})

test('a block that is looked up much more often than the others is frequent', () => {
  const tier = new CompressedTier()
  const file = largeFile(1000)
  const read = (i: number): boolean => {
    expect(tier.read(file.owner, file.places, i, 2000, target)).toBe(true)
    return tier.isLastReadFrequent
  }
  fill(tier, file, 0, 1000, true)
  for (let round = 0; round < 20; round++)
    for (let i = 1; i < 1000; i++) expect(read(i) && round > 0).toBe(false)
  const rounds = Array.from({ length: 100 }, () => read(0))
  expect(rounds.slice(0, 60)).not.toContain(true)
  expect(rounds.at(-1)).toBe(true)
})
