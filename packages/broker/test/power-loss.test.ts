import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { createSeededRandom } from '@varve/base/testing'
import { describe, expect, test } from 'vitest'

import { EmbeddedBroker } from '../src/index.ts'
import { ask, batchOf, createTopic, fetch, produce, readAll } from './support.ts'

const small = { 'segment.bytes': '2000', 'segment.ms': '9223372036854775807' }

describe('loss of power with flush every-batch', () => {
  test('acknowledged topics, records, transactions and offsets are all there', async () => {
    for (let seed = 0; seed < 25; seed++) {
      const random = createSeededRandom(seed)
      const fileSystem = new MemoryFileSystem()
      const broker = await EmbeddedBroker.open({
        directory: '/data',
        fileSystem,
        flush: 'every-batch',
      })
      await createTopic(broker, 'plain', small)
      await createTopic(broker, 'exact', small)
      const { producerId, producerEpoch } = await ask(broker, 'InitProducerId', {
        transactionalId: 'tx',
        transactionTimeoutMs: 60_000,
      })
      const identity = { transactionalId: 'tx', producerId, producerEpoch }
      let plain = 0
      let sequence = 0
      let committedOffset = -1
      const visible: string[] = []
      const steps = 10 + Math.floor(random.next() * 40)
      for (let step = 0; step < steps; step++) {
        if (random.next() < 0.5) {
          await produce(broker, 'plain', batchOf([[null, `p${plain++}`]]))
          continue
        }
        const topics = [{ topic: 'exact', partitions: [0] }]
        await ask(broker, 'AddPartitionsToTxn', { ...identity, topics })
        const stamp = {
          producerId,
          producerEpoch,
          baseSequence: sequence++,
          isTransactional: true,
        }
        await produce(broker, 'exact', batchOf([[null, `t${step}`]], stamp), 'tx')
        await ask(broker, 'AddOffsetsToTxn', { ...identity, groupId: 'g' })
        await ask(broker, 'TxnOffsetCommit', {
          ...identity,
          groupId: 'g',
          generationId: -1,
          memberId: '',
          groupInstanceId: null,
          topics: [
            {
              topic: 'exact',
              partitions: [{ partition: 0, offset: step, leaderEpoch: -1, metadata: null }],
            },
          ],
        })
        const committed = random.next() < 0.7
        const ended = await ask(broker, 'EndTxn', { ...identity, committed })
        expect(ended.errorCode).toBe(0)
        if (!committed) continue
        visible.push(`t${step}`)
        committedOffset = step
      }
      await using after = await EmbeddedBroker.open({
        directory: '/data',
        fileSystem: fileSystem.forkAfterPowerLoss({ seed }),
        flush: 'every-batch',
      })
      expect((await readAll(after, 'plain')).map(({ value }) => value)).toEqual(
        Array.from({ length: plain }, (_, i) => `p${i}`),
      )
      const exact = await readAll(after, 'exact', { readCommitted: true })
      expect(exact.map(({ value }) => value)).toEqual(visible)
      const offsets = await ask(after, 'OffsetFetch', {
        groupId: 'g',
        topics: [{ topic: 'exact', partitions: [0] }],
        requireStable: true,
      })
      expect(offsets.topics[0]!.partitions[0]).toMatchObject({
        errorCode: 0,
        offset: committedOffset,
      })
      const next = await ask(after, 'InitProducerId', {
        transactionalId: 'tx',
        transactionTimeoutMs: 60_000,
      })
      expect(next).toMatchObject({ errorCode: 0, producerId, producerEpoch: producerEpoch + 1 })
      await broker.close()
    }
  })
})

describe('a disk that fails', () => {
  test('a failed sync is not acknowledged, and the partition says why it takes no more', async () => {
    const memory = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(memory)
    const broker = await EmbeddedBroker.open({
      directory: '/data',
      fileSystem,
      flush: 'every-batch',
      onBackgroundError: () => undefined,
    })
    await createTopic(broker, 'plain')
    expect((await produce(broker, 'plain', batchOf([['a', '1']]))).errorCode).toBe(0)
    fileSystem.inject({ operation: 'sync', path: /plain-0.*\.log$/, error: 'EIO' })
    const failed = await produce(broker, 'plain', batchOf([['b', '2']]))
    expect(failed.errorCode).toBe(56)
    const later = await produce(broker, 'plain', batchOf([['c', '3']]))
    expect(later.errorCode).toBe(56)
    expect(later.errorMessage).toMatch(/plain-0 takes no more appends: cannot sync/)
    expect((await fetch(broker, 'plain')).errorCode).toBe(0)
    await broker.close().catch(() => undefined)
    await using again = await EmbeddedBroker.open({ directory: '/data', fileSystem: memory })
    expect((await readAll(again, 'plain')).map(({ key }) => key)[0]).toBe('a')
    expect((await produce(again, 'plain', batchOf([['d', '4']]))).errorCode).toBe(0)
  })

  test('a full disk refuses and keeps what was acknowledged', async () => {
    const memory = new MemoryFileSystem({ capacityBytes: 20_000 })
    const broker = await EmbeddedBroker.open({
      directory: '/data',
      fileSystem: memory,
      onBackgroundError: () => undefined,
    })
    await createTopic(broker, 'plain')
    let acknowledged = 0
    for (let i = 0; i < 100; i++) {
      const answer = await produce(broker, 'plain', batchOf([['k', 'x'.repeat(1000)]]))
      if (answer.errorCode !== 0) {
        expect(answer.errorMessage).toMatch(/no space/i)
        break
      }
      acknowledged++
    }
    expect(acknowledged).toBeGreaterThan(5)
    expect(await readAll(broker, 'plain')).toHaveLength(acknowledged)
    await broker.close().catch(() => undefined)
  })
})
