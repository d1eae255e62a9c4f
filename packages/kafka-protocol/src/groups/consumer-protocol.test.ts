import { expect, test } from 'vitest'

import {
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
} from './consumer-protocol.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('a subscription has the framing of the Java client', () => {
  const subscription = {
    topics: ['ab'],
    userData: Uint8Array.of(9),
    owned: [{ topic: 'ab', partitions: [0, 3] }],
  }
  const bytes = encodeConsumerSubscription(subscription)
  expect(hex(bytes)).toBe(
    '0001' +
      '00000001' +
      '00026162' +
      '0000000109' +
      '00000001' +
      '00026162' +
      '00000002' +
      '00000000' +
      '00000003',
  )
  expect(decodeConsumerSubscription(bytes)).toEqual(subscription)
})

test('a subscription of version 0 owns nothing, one of version 3 may have more at its end', () => {
  const version0 = Uint8Array.from([0, 0, 0, 0, 0, 0, 255, 255, 255, 255])
  expect(decodeConsumerSubscription(version0)).toEqual({ topics: [], userData: null, owned: [] })
  const version3 = Uint8Array.from([0, 3, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 1, 2, 3])
  expect(decodeConsumerSubscription(version3).owned).toEqual([])
})

test('an assignment survives the round trip, and no bytes are no partitions', () => {
  const assignment = { partitions: [{ topic: 't', partitions: [1] }], userData: null }
  expect(decodeConsumerAssignment(encodeConsumerAssignment(assignment))).toEqual(assignment)
  expect(decodeConsumerAssignment(new Uint8Array(0))).toEqual({ partitions: [], userData: null })
})
