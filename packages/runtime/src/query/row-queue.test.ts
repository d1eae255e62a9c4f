import { expect, test } from 'vitest'

import { RowQueue } from './row-queue.ts'

const row = (n: number): { values: number[]; tombstone: boolean } => ({
  values: [n],
  tombstone: false,
})

test('a full queue pauses its producer and resumes it once it is read', async () => {
  const calls: string[] = []
  const queue = new RowQueue(
    2,
    () => calls.push('pause'),
    () => calls.push('resume'),
  )
  queue.push(row(1))
  expect(calls).toEqual([])
  queue.push(row(2))
  queue.push(row(3))
  expect(calls).toEqual(['pause'])
  const batches = queue.batches()
  expect((await batches.next()).value).toHaveLength(3)
  expect(calls).toEqual(['pause', 'resume'])
})

test('rows that wait are read before the end, a failure is thrown after them', async () => {
  const queue = new RowQueue(
    10,
    () => {},
    () => {},
  )
  queue.push(row(1))
  queue.finish({ kind: 'failed', error: new Error('gone') })
  queue.push(row(2))
  const batches = queue.batches()
  expect((await batches.next()).value).toEqual([row(1)])
  await expect(batches.next()).rejects.toThrow('gone')
})

test('closing drops what nobody will read and wakes the reader', async () => {
  const queue = new RowQueue(
    10,
    () => {},
    () => {},
  )
  const batches = queue.batches()
  const next = batches.next()
  queue.finish({ kind: 'closed' })
  expect((await next).done).toBe(true)
})
