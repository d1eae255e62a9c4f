import { VirtualClock } from '@varve/base/testing'
import { ErrorCode } from '@varve/kafka-protocol'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, test } from 'vitest'

import { EmbeddedBroker } from '../src/index.ts'
import { ask, batchOf, createTopic, fetch, produce, readAll, type TestRecord } from './support.ts'

interface Session {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

async function init(
  broker: EmbeddedBroker,
  transactionalId = 'tx',
  timeoutMs = 10_000,
): Promise<Session> {
  const answer = await ask(broker, 'InitProducerId', {
    transactionalId,
    transactionTimeoutMs: timeoutMs,
  })
  expect(answer.errorCode).toBe(0)
  return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch }
}

async function add(broker: EmbeddedBroker, session: Session, topic = 'orders'): Promise<number> {
  const answer = await ask(broker, 'AddPartitionsToTxn', {
    ...session,
    topics: [{ topic, partitions: [0] }],
  })
  return answer.topics[0]!.partitions[0]!.errorCode
}

async function write(
  broker: EmbeddedBroker,
  session: Session,
  baseSequence: number,
  records: readonly TestRecord[],
): Promise<number> {
  const { producerId, producerEpoch } = session
  const batch = batchOf(records, { producerId, producerEpoch, baseSequence, isTransactional: true })
  return (await produce(broker, 'orders', batch, session.transactionalId)).errorCode
}

async function end(broker: EmbeddedBroker, session: Session, committed: boolean): Promise<number> {
  return (await ask(broker, 'EndTxn', { ...session, committed })).errorCode
}

async function open(
  options: Partial<Parameters<typeof EmbeddedBroker.open>[0]> = {},
): Promise<EmbeddedBroker> {
  const broker = await EmbeddedBroker.open({ directory: ':memory:', ...options })
  // Markers have the broker's time, the records one of 1970: without this every marker would begin a segment.
  await createTopic(broker, 'orders', { 'segment.ms': '9223372036854775807' })
  return broker
}

describe('idempotent producers', () => {
  const stamp = (baseSequence: number, producerEpoch = 0) => ({
    producerId: 7,
    producerEpoch,
    baseSequence,
  })

  test('a repeated batch answers the offset it has', async () => {
    await using broker = await open()
    for (let i = 0; i < 5; i++) {
      await produce(broker, 'orders', batchOf([['a', String(i)]], stamp(i)))
    }
    for (let i = 0; i < 5; i++) {
      const again = await produce(broker, 'orders', batchOf([['a', String(i)]], stamp(i)))
      expect([again.errorCode, again.baseOffset]).toEqual([0, i])
    }
    expect((await fetch(broker, 'orders')).highWatermark).toBe(5)
  })

  test('a hole in the sequence is refused, an older epoch too', async () => {
    await using broker = await open()
    await produce(broker, 'orders', batchOf([['a', '1']], stamp(0, 3)))
    const hole = await produce(broker, 'orders', batchOf([['a', '1']], stamp(2, 3)))
    expect(hole.errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    const old = await produce(broker, 'orders', batchOf([['a', '1']], stamp(1, 2)))
    expect(old.errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
    const newer = await produce(broker, 'orders', batchOf([['a', '1']], stamp(0, 4)))
    expect(newer.errorCode).toBe(0)
  })

  test('sequences begin again after the largest', async () => {
    await using broker = await open()
    await produce(
      broker,
      'orders',
      batchOf(
        [
          ['a', '1'],
          ['b', '2'],
        ],
        stamp(0x7ffffffe),
      ),
    )
    expect((await produce(broker, 'orders', batchOf([['c', '3']], stamp(0)))).errorCode).toBe(0)
  })
})

describe('transactions', () => {
  test('read committed sees a transaction when it is committed and never an aborted one', async () => {
    await using broker = await open()
    const session = await init(broker)
    await add(broker, session)
    expect(await write(broker, session, 0, [['a', '1']])).toBe(0)
    expect(await readAll(broker, 'orders', { readCommitted: true })).toEqual([])
    expect(await readAll(broker, 'orders')).toHaveLength(1)
    expect(await end(broker, session, true)).toBe(0)
    await add(broker, session)
    await write(broker, session, 1, [['b', '2']])
    expect(await end(broker, session, false)).toBe(0)
    await add(broker, session)
    await write(broker, session, 2, [['c', '3']])
    expect(await end(broker, session, true)).toBe(0)
    const seen = await readAll(broker, 'orders', { readCommitted: true })
    expect(seen.map(({ offset, key }) => [offset, key])).toEqual([
      [0, 'a'],
      [4, 'c'],
    ])
    const fetched = await fetch(broker, 'orders', 0, { readCommitted: true })
    expect(fetched.abortedTransactions).toEqual([
      { producerId: session.producerId, firstOffset: 2 },
    ])
    expect([fetched.highWatermark, fetched.lastStableOffset]).toEqual([6, 6])
  })

  test('init fences the older producer and aborts its transaction', async () => {
    await using broker = await open()
    const zombie = await init(broker)
    await add(broker, zombie)
    await write(broker, zombie, 0, [['zombie', '1']])
    const successor = await init(broker)
    expect(successor.producerEpoch).toBeGreaterThan(zombie.producerEpoch)
    expect(await write(broker, zombie, 1, [['zombie', '2']])).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
    expect(await add(broker, zombie)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
    expect(await end(broker, zombie, true)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
    await add(broker, successor)
    expect(await write(broker, successor, 0, [['new', '1']])).toBe(0)
    await end(broker, successor, true)
    const seen = await readAll(broker, 'orders', { readCommitted: true })
    expect(seen.map(({ key }) => key)).toEqual(['new'])
  })

  test('a batch to a partition that was not added is refused', async () => {
    await using broker = await open()
    const session = await init(broker)
    expect(await write(broker, session, 0, [['a', '1']])).toBe(ErrorCode.INVALID_TXN_STATE)
    expect((await fetch(broker, 'orders')).highWatermark).toBe(0)
  })

  test('ending twice the same way is answered, the other way refused', async () => {
    await using broker = await open()
    const session = await init(broker)
    expect(await end(broker, session, true)).toBe(ErrorCode.INVALID_TXN_STATE)
    await add(broker, session)
    expect(await end(broker, session, true)).toBe(0)
    expect(await end(broker, session, true)).toBe(0)
    expect(await end(broker, session, false)).toBe(ErrorCode.INVALID_TXN_STATE)
  })

  test('a transaction whose time is over is aborted and its producer fenced', async () => {
    const clock = new VirtualClock()
    await using broker = await open({ clock })
    const session = await init(broker, 'tx', 5_000)
    await add(broker, session)
    await write(broker, session, 0, [['a', '1']])
    await clock.advance(4_000)
    expect((await fetch(broker, 'orders')).lastStableOffset).toBe(0)
    await clock.advance(3_000)
    const fetched = await fetch(broker, 'orders')
    expect([fetched.lastStableOffset, fetched.highWatermark]).toEqual([2, 2])
    expect(await end(broker, session, true)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
    expect(await readAll(broker, 'orders', { readCommitted: true })).toEqual([])
  })

  test.each(['never', 'every-batch'] as const)(
    'a crash with an open transaction leaves it open; init then aborts it (flush %s)',
    async (flush) => {
      const fileSystem = new MemoryFileSystem()
      const directory = '/data'
      const before = await open({ directory, fileSystem, flush })
      const session = await init(before)
      await add(before, session)
      await write(before, session, 0, [['a', '1']])
      await end(before, session, true)
      await add(before, session)
      await write(before, session, 1, [['b', '2']])
      fileSystem.crash({ loss: flush === 'never' ? 'process' : 'power' })
      await using broker = await EmbeddedBroker.open({ directory, fileSystem, flush })
      expect((await fetch(broker, 'orders')).lastStableOffset).toBe(2)
      const successor = await init(broker)
      expect(successor.producerId).toBe(session.producerId)
      expect(await write(broker, session, 2, [['c', '3']])).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
      const seen = await readAll(broker, 'orders', { readCommitted: true })
      expect(seen.map(({ key }) => key)).toEqual(['a'])
      const other = await init(broker, 'other')
      expect(other.producerId).not.toBe(session.producerId)
    },
  )

  test('a transaction that the coordinator has lost is aborted, so that readers go on', async () => {
    const fileSystem = new MemoryFileSystem()
    const before = await open({ directory: '/data', fileSystem })
    const session = await init(before)
    await add(before, session)
    await write(before, session, 0, [['a', '1']])
    fileSystem.crash({ loss: 'process' })
    const state = '/data/__transaction_state-0/00000000000000000000.log'
    await fileSystem.writeFileAtomic(state, new Uint8Array(0))
    await using broker = await EmbeddedBroker.open({ directory: '/data', fileSystem })
    expect((await fetch(broker, 'orders')).lastStableOffset).toBe(2)
    expect(await readAll(broker, 'orders', { readCommitted: true })).toEqual([])
    expect(await write(broker, session, 1, [['b', '1']])).toBe(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    )
  })

  test('offsets of a transaction show when its marker is written', async () => {
    await using broker = await open()
    const session = await init(broker)
    const commit = async (offset: number): Promise<number> => {
      const answer = await ask(broker, 'TxnOffsetCommit', {
        ...session,
        groupId: 'g',
        generationId: -1,
        memberId: '',
        groupInstanceId: null,
        topics: [
          {
            topic: 'orders',
            partitions: [{ partition: 0, offset, leaderEpoch: -1, metadata: 'm' }],
          },
        ],
      })
      return answer.topics[0]!.partitions[0]!.errorCode
    }
    const committed = async (requireStable: boolean): Promise<readonly number[]> => {
      const { topics } = await ask(broker, 'OffsetFetch', {
        groupId: 'g',
        topics: [{ topic: 'orders', partitions: [0] }],
        requireStable,
      })
      const found = topics[0]!.partitions[0]!
      return [found.errorCode, found.offset]
    }
    expect(await commit(5)).toBe(ErrorCode.INVALID_TXN_STATE)
    const added = await ask(broker, 'AddOffsetsToTxn', { ...session, groupId: 'g' })
    expect(added.errorCode).toBe(0)
    expect(await commit(5)).toBe(0)
    expect(await committed(true)).toEqual([ErrorCode.UNSTABLE_OFFSET_COMMIT, -1])
    expect(await committed(false)).toEqual([0, -1])
    await end(broker, session, true)
    expect(await committed(true)).toEqual([0, 5])
    await ask(broker, 'AddOffsetsToTxn', { ...session, groupId: 'g' })
    await commit(9)
    await end(broker, session, false)
    expect(await committed(true)).toEqual([0, 5])
  })
})
