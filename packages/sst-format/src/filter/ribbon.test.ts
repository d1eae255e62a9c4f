import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { xxph3, hash64 } from '../hash/xxh3-64.ts'
import { multiplyHigh32 } from '../hash/multiply.ts'
import { fastLocalBloomErrorRate } from './fast-local-bloom.ts'
import { FilterKeys } from './filter-keys.ts'
import { FilterReader } from './filter-reader.ts'
import { buildRibbon } from './ribbon-builder.ts'
import { rawSeedOf, ribbonHash, ribbonKey } from './ribbon-hash.ts'

const key = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The same numbers in big integers, from the description of the format. */
function reference(hash: bigint, rawSeed: bigint, starts: bigint): [bigint, bigint, bigint] {
  const mask = (1n << 64n) - 1n
  const h = ((hash ^ rawSeed) * 0x6193d459236a3a0dn) & mask
  const a = (h * 0xc28f82822b650bedn) & mask
  let swapped = 0n
  for (let i = 0n; i < 64n; i += 8n) swapped = (swapped << 8n) | ((a >> i) & 0xffn)
  return [(h * starts) >> 64n, (a << 64n) | (a ^ 0xc367844a6e52731dn) | 1n, swapped & 0xffff_ffffn]
}

describe('Ribbon filters', () => {
  test.prop([fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 0xffff_ffff })])(
    'multiply 32-bit numbers exactly',
    (a, b) => {
      expect(multiplyHigh32(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n))
    },
  )

  test.prop([
    fc.uint8Array({ maxLength: 30 }),
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 2, max: 0xff_ffff }),
  ])('hash as the format says', (bytes, seed, blocks) => {
    const starts = blocks * 128 - 127
    xxph3(bytes, 0, bytes.length)
    const { hi, lo } = hash64
    ribbonHash(hi, lo, rawSeedOf(seed), starts)
    const { start, c0, c1, c2, c3, expected } = ribbonKey
    const coefficients =
      (BigInt(c3) << 96n) | (BigInt(c2) << 64n) | (BigInt(c1) << 32n) | BigInt(c0)
    expect([BigInt(start), coefficients, BigInt(expected)]).toEqual(
      reference((BigInt(hi) << 32n) | BigInt(lo), BigInt(rawSeedOf(seed)), BigInt(starts)),
    )
  })

  for (const bitsPerKey of [5, 10, 16]) {
    it(`of ${bitsPerKey} bits hold every key, in less space, and err as seldom as Bloom filters`, () => {
      const keys = new FilterKeys(false)
      const count = 20_000
      for (let i = 0; i < count; i++) {
        const bytes = key(`user/${i}`)
        keys.add(bytes, bytes.length)
      }
      const filter = buildRibbon(keys, bitsPerKey)!
      expect(filter.length * 8).toBeLessThan(count * bitsPerKey * 0.8)
      const reader = new FilterReader(filter)
      for (let i = 0; i < count; i++) {
        const bytes = key(`user/${i}`)
        expect(reader.mayMatch(bytes, bytes.length)).toBe(true)
      }
      let errors = 0
      for (let i = 0; i < 50_000; i++) {
        const bytes = key(`other/${i}`)
        if (reader.mayMatch(bytes, bytes.length)) errors++
      }
      expect(errors / 50_000).toBeLessThan(fastLocalBloomErrorRate(bitsPerKey) * 1.3 + 0.0005)
    })
  }
})
