import { expect, test } from 'vitest'

import { ErrorCode } from '@varve/kafka-protocol'

import type { GroupMetadata, Kafka, Producer } from '../../client.ts'
import { FencedError, TransactionAbortedError } from '../../errors.ts'
import {
  bytes,
  eventually,
  produce,
  readStableValues,
  readValues,
  type ContractContext,
} from '../environment.ts'

/** Transactions: what readers see, what fences, what a lost answer means. */
export function transactionContract(context: () => ContractContext): void {
  const send = (producer: Producer, topic: string, value: string, partition = 0): void =>
    producer.send({ topic, partition, key: null, value: bytes(value) })

  const outsider = (groupId: string): GroupMetadata => ({
    groupId,
    generationId: -1,
    memberId: '',
    groupInstanceId: null,
  })

  const committed = async (
    kafka: Kafka,
    groupId: string,
    topic: string,
  ): Promise<number | undefined> =>
    (await kafka.admin.committedOffsets(groupId, [{ topic, partition: 0 }]))[0]?.offset

  async function transactional(
    kafka: Kafka,
    transactionalId: string,
    transactionTimeoutMs = 60_000,
  ): Promise<Producer> {
    const producer = kafka.producer({ transactionalId, transactionTimeoutMs })
    await producer.init()
    return producer
  }

  test('readers see committed transactions alone, and positions count the markers', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const producer = await transactional(kafka, context().name('tx'))
    for (const [value, commit] of [
      ['a', true],
      ['b', false],
      ['c', true],
    ] as const) {
      producer.beginTransaction()
      send(producer, topic, value)
      await producer.flush()
      if (commit) await producer.commitTransaction()
      else await producer.abortTransaction()
    }
    await eventually('markers written', async () => {
      const ends = await kafka.admin.endOffsets([{ topic, partition: 0 }], 'read_committed')
      return ends[0]!.offset === 6
    })
    expect(await readValues(kafka, { topic, partition: 0 })).toEqual(['a', 'c'])
    expect(
      await readValues(kafka, { topic, partition: 0 }, { isolation: 'read_uncommitted' }),
    ).toEqual(['a', 'b', 'c'])
  })

  test('interleaved transactions of two producers are told apart', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const one = await transactional(kafka, context().name('one'))
    const two = await transactional(kafka, context().name('two'))
    one.beginTransaction()
    two.beginTransaction()
    for (const [producer, value] of [
      [one, '1a'],
      [two, '2a'],
      [one, '1b'],
      [two, '2b'],
    ] as const) {
      send(producer, topic, value)
      await producer.flush()
    }
    await one.abortTransaction()
    send(two, topic, '2c')
    await two.commitTransaction()
    await produce(kafka, topic, ['plain'])
    await eventually('everything stable', async () => {
      const ends = await kafka.admin.endOffsets([{ topic, partition: 0 }], 'read_committed')
      return ends[0]!.offset === 8
    })
    expect(await readValues(kafka, { topic, partition: 0 })).toEqual(['2a', '2b', '2c', 'plain'])
  })

  test('nothing above the first open transaction is handed out', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const partition = { topic, partition: 0 }
    await produce(kafka, topic, ['before'])
    const producer = await transactional(kafka, context().name('tx'))
    producer.beginTransaction()
    send(producer, topic, 'open')
    await producer.flush()
    await produce(kafka, topic, ['after'])
    expect((await kafka.admin.endOffsets([partition], 'read_committed'))[0]!.offset).toBe(1)
    expect((await kafka.admin.endOffsets([partition]))[0]!.offset).toBe(3)
    expect(await readValues(kafka, partition)).toEqual(['before'])
    await producer.commitTransaction()
    await eventually('stable', async () => {
      const ends = await kafka.admin.endOffsets([partition], 'read_committed')
      return ends[0]!.offset === 4
    })
    expect(await readValues(kafka, partition)).toEqual(['before', 'open', 'after'])
  })

  test('an empty transaction sends nothing', async () => {
    const { kafka, transport } = await context().client()
    const producer = await transactional(kafka, context().name('tx'))
    const before = transport.sent.length
    producer.beginTransaction()
    await producer.commitTransaction()
    producer.beginTransaction()
    await producer.abortTransaction()
    expect(transport.sent.slice(before)).toEqual([])
  })

  test('partitions join the transaction before their first batch is sent', async () => {
    const { kafka, transport } = await context().client()
    const topic = await context().topic(kafka, 2)
    const producer = await transactional(kafka, context().name('tx'))
    const before = transport.sent.length
    producer.beginTransaction()
    send(producer, topic, 'a', 0)
    send(producer, topic, 'b', 1)
    await producer.flush()
    send(producer, topic, 'c', 0)
    await producer.commitTransaction()
    const sent = transport.sent
      .slice(before)
      .filter((api) => api !== 'Metadata' && api !== 'FindCoordinator')
    // A new topic may answer its first produce with "not the leader", so there may be a third.
    expect([...new Set(sent)]).toEqual(['AddPartitionsToTxn', 'Produce', 'EndTxn'])
    expect(sent.filter((api) => api !== 'Produce')).toEqual(['AddPartitionsToTxn', 'EndTxn'])
  })

  test('an abort drops what was not sent', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const producer = await transactional(kafka, context().name('tx'))
    producer.beginTransaction()
    let failure: unknown
    producer.send({ topic, partition: 0, key: null, value: bytes('never') }, (_, error) => {
      failure = error
    })
    await producer.abortTransaction()
    expect(failure).toBeInstanceOf(TransactionAbortedError)
    producer.beginTransaction()
    send(producer, topic, 'yes')
    await producer.commitTransaction()
    await eventually('stable', async () => {
      const values = await readValues(kafka, { topic, partition: 0 })
      return values.length === 1 && values[0] === 'yes'
    })
  })

  test('a new producer fences the older one and ends its transaction', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const id = context().name('tx')
    const old = await transactional(kafka, id)
    old.beginTransaction()
    send(old, topic, 'zombie')
    await old.flush()
    const { kafka: other } = await context().client()
    const fresh = await transactional(other, id)
    fresh.beginTransaction()
    send(fresh, topic, 'fresh')
    await fresh.commitTransaction()
    await expect(old.commitTransaction()).rejects.toBeInstanceOf(FencedError)
    await expect(old.abortTransaction()).rejects.toBeInstanceOf(FencedError)
    await eventually('stable', async () => {
      const values = await readValues(kafka, { topic, partition: 0 })
      return values.length === 1 && values[0] === 'fresh'
    })
  })

  test('the batch of a fenced producer is refused, and it does not fence its successor in turn', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const id = context().name('tx')
    const old = await transactional(kafka, id)
    old.beginTransaction()
    send(old, topic, 'first')
    await old.flush()
    const { kafka: other } = await context().client()
    const fresh = await transactional(other, id)
    send(old, topic, 'second')
    await expect(old.commitTransaction()).rejects.toThrow()
    await old.abortTransaction().catch(() => undefined)
    fresh.beginTransaction()
    send(fresh, topic, 'fresh')
    await fresh.commitTransaction()
    expect(await readStableValues(kafka, { topic, partition: 0 })).toEqual(['fresh'])
  })

  test('offsets become visible with the commit and vanish with an abort', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const groupId = context().name('group')
    const producer = await transactional(kafka, context().name('tx'))
    for (const [offset, commit] of [
      [3, true],
      [7, false],
      [5, true],
    ] as const) {
      producer.beginTransaction()
      send(producer, topic, 'v')
      await producer.sendOffsets(
        [{ topic, partition: 0, offset, metadata: 'm' }],
        outsider(groupId),
      )
      if (commit) await producer.commitTransaction()
      else await producer.abortTransaction()
      await eventually(`offset after ${offset}`, async () => {
        return (await committed(kafka, groupId, topic)) === (commit ? offset : 3)
      })
    }
  })

  test('committed offsets wait for a transaction that is open over them', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const groupId = context().name('group')
    const producer = await transactional(kafka, context().name('tx'))
    producer.beginTransaction()
    await producer.sendOffsets([{ topic, partition: 0, offset: 9 }], outsider(groupId))
    let answered = false
    const stable = committed(kafka, groupId, topic).finally(() => {
      answered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(answered).toBe(false)
    await producer.commitTransaction()
    expect(await stable).toBe(9)
  })

  test('offsets with an old generation are refused, and the transaction can be aborted', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const groupId = context().name('group')
    const producer = await transactional(kafka, context().name('tx'))
    producer.beginTransaction()
    send(producer, topic, 'v')
    await expect(
      producer.sendOffsets([{ topic, partition: 0, offset: 1 }], {
        groupId,
        generationId: 7,
        memberId: 'nobody',
        groupInstanceId: null,
      }),
    ).rejects.toMatchObject({
      errorCode: expect.toSatisfy((code: number) =>
        [ErrorCode.ILLEGAL_GENERATION, ErrorCode.UNKNOWN_MEMBER_ID].includes(code as 22 | 25),
      ) as number,
    })
    await expect(producer.commitTransaction()).rejects.toBeInstanceOf(TransactionAbortedError)
    await producer.abortTransaction()
    producer.beginTransaction()
    send(producer, topic, 'w')
    await producer.commitTransaction()
    await eventually('stable', async () => {
      const values = await readValues(kafka, { topic, partition: 0 })
      return values.length === 1 && values[0] === 'w'
    })
  })

  test.each(['lose-answer', 'refuse'] as const)(
    'an EndTxn that meets "%s" is repeated and the transaction committed once',
    async (fault) => {
      const { kafka, transport } = await context().client()
      const topic = await context().topic(kafka)
      const groupId = context().name('group')
      const producer = await transactional(kafka, context().name('tx'))
      for (let round = 0; round < 3; round++) {
        producer.beginTransaction()
        send(producer, topic, `${round}`)
        await producer.sendOffsets([{ topic, partition: 0, offset: round }], outsider(groupId))
        transport.inject('EndTxn', fault)
        await producer.commitTransaction()
      }
      await eventually('offset', async () => (await committed(kafka, groupId, topic)) === 2)
      expect(await readStableValues(kafka, { topic, partition: 0 })).toEqual(['0', '1', '2'])
    },
  )

  test.each([
    ['lose-answer', 1],
    ['refuse', undefined],
  ] as const)(
    'when no EndTxn is answered ("%s") a new init tells by the committed offset how it ended',
    async (fault, expected) => {
      const { kafka } = await context().client()
      // What is not to fail must be done within it, by a busy broker too.
      const { kafka: hasty, transport } = await context().client({ requestDeadlineMs: 4000 })
      const topic = await context().topic(kafka)
      const groupId = context().name('group')
      // The group's coordinator is there before the clock runs.
      await committed(kafka, groupId, topic)
      const producer = await transactional(hasty, context().name('tx'))
      producer.beginTransaction()
      send(producer, topic, 'v')
      await producer.sendOffsets([{ topic, partition: 0, offset: 1 }], outsider(groupId))
      transport.inject('EndTxn', fault, 2000)
      await expect(producer.commitTransaction()).rejects.toMatchObject({ code: 'VARVE_TIMEOUT' })
      expect(() => producer.beginTransaction()).toThrow(/unknown/)
      transport.heal()
      await producer.init()
      expect(await committed(kafka, groupId, topic)).toBe(expected)
      expect(await readStableValues(kafka, { topic, partition: 0 })).toEqual(
        expected === undefined ? [] : ['v'],
      )
      producer.beginTransaction()
      send(producer, topic, 'next')
      await producer.flush()
      await producer.abortTransaction()
    },
  )

  test.each([
    'AddPartitionsToTxn',
    'AddOffsetsToTxn',
    'TxnOffsetCommit',
    'InitProducerId',
  ] as const)('a lost answer to %s is repeated without harm', async (api) => {
    const { kafka, transport } = await context().client()
    const topic = await context().topic(kafka)
    const groupId = context().name('group')
    transport.inject(api, 'lose-answer')
    const producer = await transactional(kafka, context().name('tx'))
    producer.beginTransaction()
    send(producer, topic, 'v')
    await producer.sendOffsets([{ topic, partition: 0, offset: 1 }], outsider(groupId))
    await producer.commitTransaction()
    await eventually('offset', async () => (await committed(kafka, groupId, topic)) === 1)
    expect(await readStableValues(kafka, { topic, partition: 0 })).toEqual(['v'])
  })

  test('a transaction that is open for too long is ended by its coordinator', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    // The first batch must be there before.
    const timeoutMs = 3000
    const producer = await transactional(kafka, context().name('tx'), timeoutMs)
    producer.beginTransaction()
    send(producer, topic, 'slow')
    await producer.flush()
    const delayMs = context().environment.transactionAbortDelayMsMax ?? 2000
    await eventually(
      'the open transaction ended',
      async () => {
        const ends = await kafka.admin.endOffsets([{ topic, partition: 0 }], 'read_committed')
        return ends[0]!.offset === 2
      },
      timeoutMs + delayMs + 60_000,
    )
    await expect(producer.commitTransaction()).rejects.toThrow()
    expect(await readValues(kafka, { topic, partition: 0 })).toEqual([])
  })

  test('a hundred transactions in a row come out whole and in order', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 2)
    const groupId = context().name('group')
    const producer = await transactional(kafka, context().name('tx'))
    for (let round = 0; round < 100; round++) {
      producer.beginTransaction()
      send(producer, topic, `${round}`, 0)
      send(producer, topic, `${round}`, 1)
      await producer.sendOffsets([{ topic, partition: 0, offset: round }], outsider(groupId))
      if (round % 10 === 9) await producer.abortTransaction()
      else await producer.commitTransaction()
    }
    const expected = Array.from({ length: 100 }, (_, round) => `${round}`).filter(
      (_, round) => round % 10 !== 9,
    )
    for (const partition of [0, 1]) {
      await eventually('all stable', async () => {
        const [stable] = await kafka.admin.endOffsets([{ topic, partition }], 'read_committed')
        const [end] = await kafka.admin.endOffsets([{ topic, partition }])
        return stable!.offset === end!.offset
      })
      expect(await readValues(kafka, { topic, partition })).toEqual(expected)
    }
    expect(await committed(kafka, groupId, topic)).toBe(98)
  })
}
