import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { createSeededRandom } from '../testing/seeded-random.ts'
import { crc32c, crc32cByTables, maskCrc32c, unmaskCrc32c } from './crc32c.ts'

const text = new TextEncoder()

describe('crc32c', () => {
  it('gives the published values', () => {
    expect(crc32c(text.encode('123456789'))).toBe(0xe3069283)
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(new Uint8Array(0))).toBe(0)
  })

  test.prop([fc.uint8Array({ maxLength: 64 }), fc.nat(9000), fc.nat(7), fc.nat(0xffff)])(
    'is the same by WebAssembly and by tables, of any length and place',
    (some, length, start, seed) => {
      const bytes = Uint8Array.from(
        { length: start + length },
        (_, i) => (some[i % 64] ?? 0) + (i >> 3),
      )
      expect(crc32c(bytes, start, start + length, seed)).toBe(
        crc32cByTables(bytes, start, start + length, seed),
      )
    },
  )

  it('is the same at every length around those from which on it is computed otherwise', () => {
    const random = createSeededRandom(32)
    const bytes = Uint8Array.from({ length: 5000 }, () => random.next() * 256)
    for (const about of [768, 832, 1536, 2048, 2880, 4096])
      for (let length = about - 40; length < about + 40; length++) {
        const seed = Math.floor(random.next() * 2 ** 32)
        expect(crc32c(bytes, 3, 3 + length, seed)).toBe(crc32cByTables(bytes, 3, 3 + length, seed))
      }
  })

  it('leaves its input as it was', () => {
    const bytes = Uint8Array.from({ length: 9000 }, (_, i) => i * 11)
    const before = new Uint8Array(bytes)
    crc32c(bytes)
    expect(bytes).toEqual(before)
  })

  it('is the same in pieces of a long input', () => {
    const bytes = Uint8Array.from({ length: 300_001 }, (_, i) => (i * 7) ^ (i >> 5))
    expect(crc32c(bytes)).toBe(crc32cByTables(bytes, 0, bytes.length, 0))
  })

  it('masks as the format does', () => {
    expect(maskCrc32c(0xe3069283)).toBe(0xc78ab0e5)
    expect(unmaskCrc32c(0xc78ab0e5)).toBe(0xe3069283)
  })

  test.prop([fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat()])(
    'of two parts one after the other is that of the whole',
    (bytes, a, b) => {
      const cut = bytes.length === 0 ? 0 : a % bytes.length
      expect(crc32c(bytes, cut, bytes.length, crc32c(bytes, 0, cut))).toBe(crc32c(bytes))
      expect(unmaskCrc32c(maskCrc32c(b >>> 0))).toBe(b >>> 0)
    },
  )
})
