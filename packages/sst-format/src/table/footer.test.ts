import { ByteWriter, CorruptionError, UnsupportedError } from '@varve/base'
import { describe, expect, test } from 'vitest'

import { decodeFooter } from './footer.ts'

function decode(magic: bigint): void {
  const tail = new ByteWriter().zeros(45).raw(littleEndian(magic)).toBytes()
  decodeFooter(tail, 1000, 'a.sst')
}

function littleEndian(magic: bigint): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) => Number((magic >> BigInt(8 * i)) & 255n))
}

describe('decodeFooter', () => {
  test.each([
    ['PlainTable', 0x4f3418eb7a8f13b8n],
    ['PlainTable', 0x8242229663bf9564n],
    ['CuckooTable', 0x926789d0c5f17873n],
  ])('refuses a %s by name', (name, magic) => {
    expect(() => decode(magic)).toThrow(UnsupportedError)
    expect(() => decode(magic)).toThrow(name)
  })

  test('finds another magic number to be damage', () => {
    expect(() => decode(0x4f3418eb7a8f13b9n)).toThrow(CorruptionError)
  })
})
