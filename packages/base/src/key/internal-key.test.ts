import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { formatHex, utf8Bytes } from '../bytes/convert.ts'
import { UnsupportedError } from '../errors.ts'
import { InternalKeyComparator, reverseBytewiseComparator } from './comparator.ts'
import {
  encodeInternalKey,
  maxSequence,
  sequenceOf,
  sequenceSentinel,
  userKeyOf,
  valueTypeOf,
} from './internal-key.ts'
import { ValueType } from './value-type.ts'

describe('internal keys', () => {
  it('have the bytes of the format', () => {
    expect(formatHex(encodeInternalKey(utf8Bytes('a'), 1, ValueType.Value))).toBe(
      '610101000000000000',
    )
    expect(
      formatHex(encodeInternalKey(utf8Bytes('a'), sequenceSentinel, ValueType.RangeDeletion)),
    ).toBe('610fffffffffffffff')
  })

  test.prop([fc.uint8Array(), fc.integer({ min: 0, max: maxSequence })])(
    'decode to their parts',
    (user, sequence) => {
      const key = encodeInternalKey(user, sequence, ValueType.Merge)
      expect(new Uint8Array(userKeyOf(key))).toEqual(user)
      expect(sequenceOf(key)).toBe(sequence)
      expect(valueTypeOf(key)).toBe(ValueType.Merge)
    },
  )

  it('refuse a sequence number that a number cannot hold', () => {
    const key = encodeInternalKey(utf8Bytes('a'), 0, 1)
    key[8] = 0x40
    expect(() => sequenceOf(key)).toThrow(UnsupportedError)
  })

  it('sort by user key, then newest first, then higher type first', () => {
    const order = new InternalKeyComparator()
    const keys = [
      encodeInternalKey(utf8Bytes('a'), sequenceSentinel, 0x0f),
      encodeInternalKey(utf8Bytes('a'), 2 ** 40, 1),
      encodeInternalKey(utf8Bytes('a'), 9, 1),
      encodeInternalKey(utf8Bytes('a'), 9, 0),
      encodeInternalKey(utf8Bytes('a'), 8, 1),
      encodeInternalKey(utf8Bytes('aa'), 100, 1),
      encodeInternalKey(utf8Bytes('b'), 1, 1),
    ]
    for (let i = 0; i < keys.length; i++) {
      for (let j = 0; j < keys.length; j++) {
        expect(Math.sign(order.compare(keys[i]!, keys[j]!))).toBe(Math.sign(i - j))
      }
    }
    const reverse = new InternalKeyComparator(reverseBytewiseComparator)
    expect(reverse.compare(keys[5]!, keys[1]!)).toBeLessThan(0)
    expect(reverse.compare(keys[1]!, keys[2]!)).toBeLessThan(0)
  })
})
