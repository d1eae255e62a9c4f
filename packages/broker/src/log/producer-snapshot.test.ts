import { CorruptionError, UnsupportedError } from '@varve/base'
import { expect, test } from 'vitest'

import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts'

const entries = [
  {
    producerId: 4_294_967_297,
    producerEpoch: 3,
    lastSequence: 41,
    lastOffset: 1_000,
    offsetDelta: 4,
    timestamp: 1_700_000_000_000,
    coordinatorEpoch: -1,
    currentTransactionFirstOffset: 990,
  },
  {
    producerId: 0,
    producerEpoch: 0,
    lastSequence: -1,
    lastOffset: -1,
    offsetDelta: 0,
    timestamp: -1,
    coordinatorEpoch: 0,
    currentTransactionFirstOffset: -1,
  },
]

test('what is written is read back', () => {
  expect(decodeProducerSnapshot(encodeProducerSnapshot(entries), 'x')).toEqual(entries)
  expect(decodeProducerSnapshot(encodeProducerSnapshot([]), 'x')).toEqual([])
})

test('every flipped bit and every cut is found', () => {
  const bytes = encodeProducerSnapshot(entries)
  for (let at = 2; at < bytes.length; at++) {
    const damaged = new Uint8Array(bytes)
    damaged[at]! ^= 4
    expect(() => decodeProducerSnapshot(damaged, 'x')).toThrow(CorruptionError)
    expect(() => decodeProducerSnapshot(bytes.subarray(0, at), 'x')).toThrow(CorruptionError)
  }
})

test('a newer version is refused by name', () => {
  const bytes = encodeProducerSnapshot(entries)
  bytes[1] = 2
  expect(() => decodeProducerSnapshot(bytes, 'x')).toThrow(UnsupportedError)
})
