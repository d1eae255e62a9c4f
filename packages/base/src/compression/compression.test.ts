import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { formatHex, parseHex, utf8Bytes } from '../bytes/convert.ts'
import { CorruptionError, UnsupportedError } from '../errors.ts'
import { createSeededRandom } from '../testing/seeded-random.ts'
import { codecByName, type CodecName } from './index.ts'
import {
  compressLz4Block,
  compressLz4BlockPlain,
  decompressLz4Block,
  decompressLz4BlockPlain,
  lz4BlockBound,
} from './lz4-block.ts'
import { plainSnappyCodec } from './snappy.ts'

const names: readonly CodecName[] = ['snappy', 'lz4', 'lz4-frame', 'zstd', 'deflate', 'gzip']

/** Few distinct symbols and repeats, so that matches of all lengths and offsets occur. */
const compressible = fc
  .array(
    fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 40, max: 5 }),
      fc.integer({ min: 1, max: 30 }),
    ),
    {
      maxLength: 30,
    },
  )
  .map((parts) =>
    Uint8Array.from(
      parts.flatMap(
        ([bytes, times]) =>
          Array(times)
            .fill([...bytes])
            .flat() as number[],
      ),
    ),
  )

for (const name of names) {
  describe(name, () => {
    const codec = codecByName(name)

    test.prop([fc.oneof(compressible, fc.uint8Array({ maxLength: 500 }))])(
      'gives back what was compressed',
      (data) => {
        expect(new Uint8Array(codec.decompress(codec.compress(data), data.length))).toEqual(data)
      },
    )

    it('handles more than one window of mixed data', () => {
      const random = createSeededRandom(7)
      const data = new Uint8Array(300_000)
      for (let i = 0; i < data.length; i++)
        data[i] = i % 5000 < 2500 ? random.below(256) : (i >> 4) & 0xff
      const compressed = codec.compress(data)
      expect(compressed.length).toBeLessThan(data.length)
      expect(Buffer.compare(codec.decompress(compressed, data.length + 10), data)).toBe(0)
    })

    it('refuses more than the bound and damaged or shortened input, and never hangs', () => {
      const data = utf8Bytes('a stream lays down a layer each year, '.repeat(200))
      const compressed = codec.compress(data)
      expect(() => codec.decompress(compressed, data.length - 1)).toThrow(CorruptionError)
      expect(() =>
        codec.decompress(compressed.subarray(0, compressed.length - 1), data.length),
      ).toThrow(CorruptionError)
      const random = createSeededRandom(11)
      for (let round = 0; round < 300; round++) {
        const damaged = new Uint8Array(compressed)
        for (let n = 0; n < 3; n++) damaged[random.below(damaged.length)] = random.below(256)
        try {
          expect(codec.decompress(damaged, data.length).length).toBeLessThanOrEqual(data.length)
        } catch (error) {
          if (!(error instanceof UnsupportedError)) expect(error).toBeInstanceOf(CorruptionError)
        }
      }
    })
  })
}

describe('WebAssembly and plain JavaScript', () => {
  test.prop([fc.oneof(compressible, fc.uint8Array({ maxLength: 500 }))])(
    'read what the other wrote',
    (data) => {
      const size = data.length
      const kernel = codecByName('snappy')
      expect(new Uint8Array(plainSnappyCodec.decompress(kernel.compress(data), size))).toEqual(data)
      expect(new Uint8Array(kernel.decompress(plainSnappyCodec.compress(data), size))).toEqual(data)

      const block = new Uint8Array(lz4BlockBound(size))
      const out = new Uint8Array(size)
      const blockSize = compressLz4Block(data, block)
      expect(decompressLz4BlockPlain(block, 0, blockSize, out, 0)).toBe(size)
      expect(out).toEqual(data)
      const plainSize = compressLz4BlockPlain(data, block, 0)
      expect(decompressLz4Block(block, 0, plainSize, out.fill(0), 0)).toBe(size)
      expect(out).toEqual(data)
    },
  )

  test.prop([compressible, fc.nat(), fc.nat(255), fc.boolean()])(
    'find the same damage',
    (data, at, byte, shorten) => {
      const outcome = (decode: () => Uint8Array | number): unknown => {
        try {
          return decode()
        } catch (error) {
          return (error as Error).constructor.name
        }
      }
      const damage = (bytes: Uint8Array): Uint8Array => {
        const copy = new Uint8Array(shorten ? bytes.subarray(0, at % (bytes.length + 1)) : bytes)
        if (copy.length > 0) copy[at % copy.length] = byte
        return copy
      }
      const snappy = damage(plainSnappyCodec.compress(data))
      expect(outcome(() => codecByName('snappy').decompress(snappy, 1000))).toEqual(
        outcome(() => plainSnappyCodec.decompress(snappy, 1000)),
      )
      const block = new Uint8Array(lz4BlockBound(data.length))
      const lz4 = damage(block.subarray(0, compressLz4BlockPlain(data, block, 0)))
      const a = new Uint8Array(1000)
      const b = new Uint8Array(1000)
      const size = outcome(() => decompressLz4BlockPlain(lz4, 0, lz4.length, a, 0))
      expect(outcome(() => decompressLz4Block(lz4, 0, lz4.length, b, 0))).toBe(size)
      if (typeof size === 'number') expect(b.subarray(0, size)).toEqual(a.subarray(0, size))
    },
  )
})

describe('formats', () => {
  it('reads a snappy block made by hand: literal, copy with one and with two offset bytes', () => {
    // 14 bytes: literal "abcd", copy of 4 at offset 4 (one byte), copy of 6 at offset 8 (two bytes)
    const block = parseHex('0e' + '0c61626364' + '0104' + '160800')
    expect(new TextDecoder().decode(codecByName('snappy').decompress(block, 100))).toBe(
      'abcdabcdabcdab',
    )
  })

  it('writes an lz4 frame with the header of the specification', () => {
    const frame = codecByName('lz4-frame').compress(utf8Bytes('x'))
    expect(formatHex(frame)).toBe('04224d18604082' + '01000080' + '78' + '00000000')
  })

  it('refuses a codec that it does not know', () => {
    expect(() => codecByName('bzip2' as CodecName)).toThrow(UnsupportedError)
  })
})
