import { ErrorCode } from '@varve/kafka-protocol'
import { describe, expect, test } from 'vitest'

import { EmbeddedBroker } from '../src/index.ts'
import { ask, batchOf, createTopic, fetch, produce, readAll, visible } from './support.ts'

describe('produce and fetch', () => {
  test('records come back with their offsets', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    expect(await createTopic(broker, 'orders')).toBe(ErrorCode.NONE)
    const first = await produce(
      broker,
      'orders',
      batchOf([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
    const second = await produce(broker, 'orders', batchOf([['c', '3']]))
    expect([first.baseOffset, second.baseOffset]).toEqual([0, 2])
    const fetched = await fetch(broker, 'orders', 1)
    expect(fetched.highWatermark).toBe(3)
    // The batch that holds the offset comes whole.
    expect(visible(fetched).map(({ offset, key }) => [offset, key])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
  })

  test('a topic that does not exist answers 3, an offset beyond the end 1', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await createTopic(broker, 'orders')
    expect((await produce(broker, 'absent', batchOf([['a', '1']]))).errorCode).toBe(3)
    expect((await fetch(broker, 'absent')).errorCode).toBe(3)
    expect((await fetch(broker, 'orders', 1)).errorCode).toBe(1)
    expect((await fetch(broker, 'orders', 0)).errorCode).toBe(0)
  })

  test('a flipped bit is refused and nothing is appended', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await createTopic(broker, 'orders')
    const bytes = batchOf([['a', '1']])
    bytes[bytes.length - 1]! ^= 1
    expect((await produce(broker, 'orders', bytes)).errorCode).toBe(ErrorCode.CORRUPT_MESSAGE)
    expect((await fetch(broker, 'orders')).highWatermark).toBe(0)
  })

  test('the first batch comes whole above the limit, later ones wait', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await createTopic(broker, 'orders')
    const value = 'x'.repeat(50_000)
    await produce(broker, 'orders', batchOf([['a', value]]))
    await produce(broker, 'orders', batchOf([['b', value]]))
    const fetched = await fetch(broker, 'orders', 0, { maxBytes: 10 })
    expect(visible(fetched).map(({ key }) => key)).toEqual(['a'])
    expect(await readAll(broker, 'orders', { maxBytes: 60_000 })).toHaveLength(2)
  })

  test('reads walk over many small segments', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await createTopic(broker, 'orders', { 'segment.bytes': '1000', 'index.interval.bytes': '100' })
    for (let i = 0; i < 200; i++) {
      await produce(broker, 'orders', batchOf([[`k${i}`, `v${i}`]]))
    }
    const all = await readAll(broker, 'orders')
    expect(all.map(({ key }) => key)).toEqual(Array.from({ length: 200 }, (_, i) => `k${i}`))
    for (const offset of [0, 1, 77, 150, 199]) {
      const fetched = await fetch(broker, 'orders', offset)
      expect(visible(fetched, offset)[0]?.offset).toBe(offset)
    }
  })

  test('a fetch that waits is woken by the append', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await createTopic(broker, 'orders')
    const waiting = ask(broker, 'Fetch', {
      maxWaitMs: 20_000,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 1,
      topics: [
        {
          topic: 'orders',
          partitions: [
            { partition: 0, currentLeaderEpoch: 0, fetchOffset: 0, maxBytes: 1_000_000 },
          ],
        },
      ],
    })
    await produce(broker, 'orders', batchOf([['a', '1']]))
    const { topics } = await waiting
    expect(visible(topics[0]!.partitions[0]!)).toHaveLength(1)
  })

  test('offsets are found by time', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await createTopic(broker, 'orders', { 'segment.bytes': '500', 'index.interval.bytes': '1' })
    for (let i = 0; i < 50; i++) {
      await produce(
        broker,
        'orders',
        batchOf([
          ['k', 'v', i * 10],
          ['k', 'v', i * 10 + 5],
        ]),
      )
    }
    const at = async (timestamp: number): Promise<number> => {
      const { topics } = await ask(broker, 'ListOffsets', {
        isolationLevel: 0,
        topics: [{ topic: 'orders', partitions: [{ partition: 0, timestamp }] }],
      })
      return topics[0]!.partitions[0]!.offset
    }
    expect([
      await at(-2),
      await at(-1),
      await at(0),
      await at(1),
      await at(200),
      await at(9999),
    ]).toEqual([0, 100, 0, 1, 40, -1])
  })
})
