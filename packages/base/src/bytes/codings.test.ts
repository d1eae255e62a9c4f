import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { CorruptionError } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { equalBytes } from './compare.ts'
import { byteText } from './convert.ts'
import { varintLength } from './varint.ts'

const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

describe('codings', () => {
  test.prop([
    safe,
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
    fc.uint8Array({ maxLength: 300 }),
  ])('decode what was encoded', (n, word, big, signed, bytes) => {
    const writer = new ByteWriter(1)
    writer.varint(n).varint(word).varintBig(big).signedVarint(signed).slice(bytes)
    writer
      .byte(7)
      .fixed16(word & 0xffff)
      .fixed32(word)
      .fixed64(n)
      .fixed64Big(big)
      .zeros(3)
    const reader = new ByteReader(writer.toBytes())
    expect(reader.varint64()).toBe(n)
    expect(reader.varint32()).toBe(word)
    expect(reader.varint64Big()).toBe(big)
    expect(reader.signedVarint64()).toBe(signed)
    expect(new Uint8Array(reader.slice())).toEqual(bytes)
    expect(reader.byte()).toBe(7)
    expect(reader.fixed16()).toBe(word & 0xffff)
    expect(reader.fixed32()).toBe(word)
    expect(reader.fixed64()).toBe(n)
    expect(reader.fixed64Big()).toBe(big)
    expect(reader.remaining).toBe(3)
    expect(new ByteWriter().varint(n).length).toBe(varintLength(n))
  })

  it('refuses bytes that end early and numbers out of range, with file and offset', () => {
    const cases: readonly [readonly number[], (reader: ByteReader) => unknown][] = [
      [[], (r) => r.byte()],
      [[1, 2, 3], (r) => r.fixed32()],
      [[0x80, 0x80], (r) => r.varint32()],
      [[0xff, 0xff, 0xff, 0xff, 0x1f], (r) => r.varint32()],
      [[0x80, 0x80, 0x80, 0x80, 0x80, 0x01], (r) => r.varint32()],
      [[255, 255, 255, 255, 255, 255, 255, 255, 255, 1], (r) => r.varint64()],
      [[255, 255, 255, 255, 255, 255, 255, 255, 255, 2], (r) => r.varint64Big()],
      [[255, 255, 255, 255, 255, 255, 255, 255], (r) => r.fixed64()],
      [[5, 1, 2], (r) => r.slice()],
    ]
    for (const [bytes, read] of cases) {
      const reader = new ByteReader(Uint8Array.from(bytes), { file: '000001.x', offset: 100 })
      let thrown: unknown
      try {
        read(reader)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(CorruptionError)
      expect((thrown as CorruptionError).file).toBe('000001.x')
      expect((thrown as CorruptionError).offset).toBeGreaterThanOrEqual(100)
    }
  })

  test.prop([fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 })])(
    'make one text of equal bytes, another of others, also of views',
    (a, b) => {
      const padded = Uint8Array.of(7, ...a, 7)
      expect(byteText(padded.subarray(1, 1 + a.length))).toBe(byteText(a))
      expect(byteText(a) === byteText(b)).toBe(equalBytes(a, b))
    },
  )
})
