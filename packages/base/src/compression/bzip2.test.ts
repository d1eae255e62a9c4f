import { describe, expect, it } from 'vitest'

import { CorruptionError } from '../errors.ts'
import { decompressBzip2 } from './bzip2.ts'

/** Streams that bzip2 made, with what they hold. */
const streams: readonly (readonly [string, string, Uint8Array])[] = [
  ['nothing', 'QlpoORdyRThQkAAAAAA=', new Uint8Array(0)],
  [
    'text',
    'QlpoOTFBWSZTWeW18wkAAARRAAAQQAACRKAAIbUYDAKQacKjC7kinChIctr5hIA=',
    Buffer.from('hello hello hello\n'),
  ],
  [
    'runs around the length that is coded',
    'QlpoMTFBWSZTWfegEc0AAAHRAeAAACA+AACAAAggACI9RPKYEAME/5cIlDZt0UZpB6ThdyRThQkPegEc0A==',
    Buffer.from('aaabbbbccccc' + 'd'.repeat(300) + 'e'.repeat(1000)),
  ],
  [
    'one long run',
    'QlpoMTFBWSZTWSe5f+4AAewBgMAAABAACCAAMMwFKacYkq2CSrxdyRThQkCe5f+4',
    Buffer.from('z'.repeat(250_000)),
  ],
]

describe('decompressBzip2', () => {
  it.each(streams)('decodes %s', (_, base64, expected) => {
    const actual = decompressBzip2(Buffer.from(base64, 'base64'), 1 << 20)
    expect(Buffer.compare(actual, expected)).toBe(0)
  })

  it('stays within its bound', () => {
    const [, base64, expected] = streams[3]!
    const stream = Buffer.from(base64, 'base64')
    expect(() => decompressBzip2(stream, expected.length - 1)).toThrow(CorruptionError)
    expect(decompressBzip2(stream, expected.length)).toHaveLength(expected.length)
  })

  it('reports every flipped bit and every early end', () => {
    const stream = Buffer.from(streams[1]![1], 'base64')
    for (let length = 0; length < stream.length; length++) {
      expect(() => decompressBzip2(stream.subarray(0, length), 1000)).toThrow(CorruptionError)
    }
    const expected = Buffer.from(streams[1]![2])
    for (let bit = 0; bit < stream.length * 8; bit++) {
      const damaged = Buffer.from(stream)
      damaged[bit >> 3]! ^= 0x80 >> (bit & 7)
      let result: Uint8Array
      try {
        result = decompressBzip2(damaged, 1000)
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptionError)
        continue
      }
      // The size of blocks, unused codes and the padding may change without a difference.
      expect(Buffer.compare(result, expected)).toBe(0)
    }
  })
})
