import { expect, test } from 'vitest'

import type { TopicPartition } from '../client.ts'
import { TransactionPartitions } from './transaction-partitions.ts'

const a = { topic: 't', partition: 0 }
const b = { topic: 't', partition: 1 }

function open(add: () => Promise<void> = () => Promise.resolve()): {
  readonly partitions: TransactionPartitions
  readonly requests: (readonly TopicPartition[])[]
  readonly failures: unknown[]
} {
  const requests: (readonly TopicPartition[])[] = []
  const failures: unknown[] = []
  const partitions = new TransactionPartitions({
    add: (wanted) => {
      requests.push(wanted)
      return add()
    },
    onFailed: (error) => failures.push(error),
    onDone: () => undefined,
  })
  return { partitions, requests, failures }
}

test('partitions that are wanted in one turn are told in one request, and are admitted then', async () => {
  const { partitions, requests } = open()
  expect(partitions.admit(a)).toBe(false)
  expect(partitions.admit(b)).toBe(false)
  expect(partitions.admit(a)).toBe(false)
  await partitions.idle()
  expect(requests).toEqual([[a, b]])
  expect(partitions.admit(a)).toBe(true)
  expect(partitions.admit(b)).toBe(true)
})

test('the next transaction begins without partitions', async () => {
  const { partitions, requests } = open()
  partitions.admit(a)
  await partitions.idle()
  partitions.clear()
  expect(partitions.admit(a)).toBe(false)
  await partitions.idle()
  expect(requests).toEqual([[a], [a]])
})

test('a failed request admits nothing', async () => {
  const error = new Error('fenced')
  const { partitions, failures } = open(() => Promise.reject(error))
  partitions.admit(a)
  await partitions.idle()
  expect(failures).toEqual([error])
  expect(partitions.admit(a)).toBe(false)
  await partitions.idle()
})
