import fc from 'fast-check'
import { expect, test } from 'vitest'

import { codecByName } from '../compression/index.ts'
import { crc32c, crc32cByTables } from '../hash/crc32c.ts'
import { scratchBlock, snappyInScratch } from './scratch-block.ts'

const snappy = codecByName('snappy')

test('a block in scratch memory gives what the codec gives, or nothing where that finds it damaged', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 60 }),
      fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { nil: undefined }),
      fc.boolean(),
      (parts, flip, checksum) => {
        const contents = Uint8Array.from([...parts, ...parts].flatMap((part) => [...part]))
        const stored = new Uint8Array(snappy.compress(contents))
        if (flip !== undefined && stored.length > 0) stored[flip[0] % stored.length]! ^= flip[1]
        const scratch = scratchBlock(stored.length)!
        expect(scratch.length).toBeGreaterThanOrEqual(stored.length)
        scratch.set(stored)
        // Its checksum may be taken before: the kernel finds it where it lies.
        if (checksum)
          expect(crc32c(scratch, 0, stored.length)).toBe(crc32c(stored, 0, stored.length))
        const actual = snappyInScratch(stored.length, 100_000)
        const given = actual === undefined ? undefined : new Uint8Array(actual)
        let expected: Uint8Array | undefined
        try {
          expected = snappy.decompress(stored, 100_000)
        } catch {
          expected = undefined
        }
        expect(given).toEqual(expected === undefined ? undefined : new Uint8Array(expected))
      },
    ),
    { numRuns: 500 },
  )
})

test('scratch memory is refused to what is too large for it', () => {
  expect(scratchBlock(100_000)).toBeUndefined()
  const stored = snappy.compress(new Uint8Array(50_000))
  scratchBlock(stored.length)!.set(stored)
  expect(snappyInScratch(stored.length, 49_999)).toBeUndefined()
  expect(snappyInScratch(stored.length, 50_000)).toEqual(new Uint8Array(50_000))
})

test('a checksum of a block in scratch memory leaves it as it is, whatever its length', () => {
  for (const size of [700, 1000, 2047, 2048, 5000, 33_000, 60_000]) {
    // Nothing of it repeats, so that it is stored as long as it is.
    const contents = Uint8Array.from(
      { length: size },
      (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24,
    )
    const stored = new Uint8Array(snappy.compress(contents))
    const scratch = scratchBlock(stored.length)!
    scratch.set(stored)
    expect(crc32c(scratch, 0, stored.length)).toBe(crc32cByTables(stored, 0, stored.length, 0))
    expect(scratch.subarray(0, stored.length)).toEqual(stored)
    expect(snappyInScratch(stored.length, 100_000)).toEqual(contents)
  }
})
