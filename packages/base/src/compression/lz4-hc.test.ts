import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { utf8Bytes } from '../bytes/convert.ts'
import {
  compressLz4Block,
  compressLz4HcBlock,
  decompressLz4Block,
  lz4BlockBound,
  lz4Codec,
  lz4HcCodec,
} from './index.ts'

const data = fc
  .array(
    fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 20, max: 5 }),
      fc.integer({ min: 1, max: 9 }),
    ),
    { maxLength: 30 },
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

describe('lz4hc', () => {
  test.prop([data, fc.integer({ min: 3, max: 12 })])('reads back as lz4', (raw, level) => {
    expect(lz4Codec.decompress(lz4HcCodec.compress(raw, { level }), raw.length)).toEqual(raw)
  })

  it('makes smaller blocks than the fast search', () => {
    const words = 'a stream lays down one layer of sand or silt every single year it runs'.split(
      ' ',
    )
    let text = ''
    for (let i = 0; i < 3000; i++) text += `${words[(i * 7 + (i >> 3)) % words.length]} `
    const raw = utf8Bytes(text)
    expect(lz4HcCodec.compress(raw).length).toBeLessThan(lz4Codec.compress(raw).length)
  })

  test.prop([data, data, fc.boolean()])(
    'reaches back into a dictionary',
    (dictionary, raw, high) => {
      const both = new Uint8Array([...dictionary, ...raw])
      const out = new Uint8Array(lz4BlockBound(raw.length))
      const start = dictionary.length
      const size = high
        ? compressLz4HcBlock(both, start, out, 9)
        : compressLz4Block(both, out, start)
      const back = new Uint8Array(both.length)
      back.set(dictionary)
      expect(decompressLz4Block(out, 0, size, back, start)).toBe(both.length)
      expect(back).toEqual(both)
    },
  )
})
