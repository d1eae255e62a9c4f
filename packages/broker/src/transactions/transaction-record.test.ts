import { CorruptionError } from '@varve/base'
import { expect, test } from 'vitest'

import {
  decodeTransaction,
  decodeTransactionKey,
  encodeTransaction,
  type TransactionMetadata,
} from './transaction-record.ts'
import { TransactionState, type TransactionStateName } from './transaction-state.ts'

function metadata(state: TransactionStateName): TransactionMetadata {
  const partitions = new Map([
    ['orders', new Set([0, 3])],
    ['__consumer_offsets', new Set([0])],
  ])
  return {
    transactionalId: 'tx',
    producerId: 12,
    producerEpoch: 3,
    timeoutMs: 10_000,
    state,
    partitions: state === 'Empty' ? new Map() : partitions,
    updatedMs: 1_700_000_000_001,
    startedMs: state === 'Empty' ? -1 : 1_700_000_000_000,
  }
}

test('every state is read as it is written', () => {
  for (const state of Object.keys(TransactionState) as TransactionStateName[]) {
    const { key, value } = encodeTransaction(metadata(state))
    const id = decodeTransactionKey(key)
    expect(decodeTransaction(id, value!)).toEqual(metadata(state))
  }
})

test('an unknown state is damage', () => {
  const value = encodeTransaction(metadata('Ongoing')).value!
  value[16] = 99
  expect(() => decodeTransaction('tx', value)).toThrow(CorruptionError)
})
