import { UnsupportedError } from '@varve/base'
import { expect, test } from 'vitest'

import {
  decodeGroup,
  decodeGroupKey,
  decodeOffset,
  encodeGroup,
  encodeGroupKey,
  encodeOffset,
} from './group-record.ts'

test('keys and values are read as they are written', () => {
  for (const key of [
    { kind: 'offset', groupId: 'gruppe ü', topic: 'orders', partition: 7 },
    { kind: 'group', groupId: 'g' },
  ] as const) {
    expect(decodeGroupKey(encodeGroupKey(key))).toEqual(key)
  }
  const offset = { offset: 2 ** 40, leaderEpoch: -1, metadata: 'm', committedMs: 1_700_000_000_000 }
  expect(decodeOffset(encodeOffset(offset))).toEqual(offset)
  const group = {
    protocolType: 'consumer',
    generation: 12,
    protocol: 'range',
    leader: null,
    stateMs: 1_700_000_000_000,
    members: [
      {
        memberId: 'm-1',
        groupInstanceId: null,
        clientId: 'c',
        clientHost: '/127.0.0.1',
        rebalanceTimeoutMs: 60_000,
        sessionTimeoutMs: 10_000,
        subscription: new Uint8Array([1, 2, 3]),
        assignment: new Uint8Array(300).fill(7),
      },
    ],
  }
  expect(decodeGroup(encodeGroup(group))).toEqual(group)
})

test('an offset of version 1 is read without a leader epoch', () => {
  const bytes = new Uint8Array([0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 109, 0, 0, 0, 0, 0, 0, 0, 5])
  expect(decodeOffset(bytes)).toEqual({ offset: 9, leaderEpoch: -1, metadata: 'm', committedMs: 5 })
})

test('kinds and versions that are not known are refused by name, cut values are damage', () => {
  expect(() => decodeGroupKey(new Uint8Array([0, 9]))).toThrow(UnsupportedError)
  expect(() => decodeOffset(new Uint8Array([0, 4]))).toThrow(UnsupportedError)
  expect(() => decodeGroup(new Uint8Array([0, 3, 0, 8]))).toThrow(/cut off/)
})
