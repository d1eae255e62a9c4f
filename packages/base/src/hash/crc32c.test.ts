import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { crc32c, maskCrc32c, unmaskCrc32c } from './crc32c.ts'

const text = new TextEncoder()

describe('crc32c', () => {
  it('gives the published values', () => {
    expect(crc32c(text.encode('123456789'))).toBe(0xe3069283)
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(new Uint8Array(0))).toBe(0)
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
