import { expect, test } from 'vitest'

import { compressionNames, ErrorCode, partitionForKey } from '@varve/kafka-protocol'

import { KafkaError, OffsetOutOfRangeError } from '../../errors.ts'
import {
  bytes,
  eventually,
  produce,
  readAll,
  readValues,
  text,
  type ContractContext,
} from '../environment.ts'

/** Records as they are written, found and read again. */
export function recordContract(context: () => ContractContext): void {
  test.each(compressionNames)(
    'records come back as they were sent, compression %s',
    async (compression) => {
      const { kafka } = await context().client()
      const topic = await context().topic(kafka, 1, { 'retention.ms': '-1' })
      await using producer = kafka.producer({ compression })
      const sent = [
        { key: bytes('k'), value: bytes('v'), timestamp: 1_700_000_000_000, headers: [] },
        { key: null, value: bytes(''), timestamp: 0, headers: [{ key: 'h', value: null }] },
        {
          key: bytes(''),
          value: null,
          timestamp: 1,
          headers: [
            { key: 'a', value: bytes('1') },
            { key: 'a', value: bytes('2') },
          ],
        },
        { key: bytes('z'), value: bytes('x'.repeat(20_000)), timestamp: 2, headers: [] },
      ]
      const acks: (number | undefined)[] = []
      for (const record of sent) {
        producer.send({ topic, partition: 0, ...record }, (metadata) => acks.push(metadata?.offset))
      }
      await producer.flush()
      expect(acks).toEqual([0, 1, 2, 3])
      const plain = (data: Uint8Array | null): Uint8Array | null => data && new Uint8Array(data)
      const read = await readAll(kafka, { topic, partition: 0 })
      expect(
        read.map((r) => ({
          key: plain(r.key),
          value: plain(r.value),
          timestamp: r.timestamp,
          headers: r.headers.map((h) => ({ key: h.key, value: plain(h.value) })),
        })),
      ).toEqual(sent)
      expect(read.map((r) => r.offset)).toEqual([0, 1, 2, 3])
    },
  )

  test('a keyed record goes to the partition that the Java client chooses', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 3)
    await using producer = kafka.producer()
    const placed = new Map<string, number>()
    for (let index = 0; index < 50; index++) {
      const key = `key-${index}`
      producer.send({ topic, key: bytes(key), value: null }, (metadata) =>
        placed.set(key, metadata!.partition),
      )
    }
    await producer.flush()
    expect(placed.size).toBe(50)
    for (const [key, partition] of placed) expect(partition).toBe(partitionForKey(bytes(key), 3))
  })

  test('records without a key stay together within a batch', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 4)
    await kafka.admin.describeTopic(topic)
    await using producer = kafka.producer()
    const partitions = new Set<number>()
    for (let index = 0; index < 20; index++) {
      producer.send({ topic, key: null, value: bytes('v') }, (m) => partitions.add(m!.partition))
    }
    await producer.flush()
    expect(partitions.size).toBe(1)
  })

  test('a fetch that begins in the middle of a batch hands out nothing below its offset', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    await produce(kafka, topic, ['a', 'b', 'c', 'd'])
    expect(await readValues(kafka, { topic, partition: 0 }, { from: 2 })).toEqual(['c', 'd'])
  })

  test('a poll hands out at most as many records as asked for, and the rest later', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 2)
    await produce(kafka, topic, ['a', 'b', 'c', 'd', 'e'])
    await produce(kafka, topic, ['A', 'B', 'C', 'D', 'E'], { partition: 1 })
    await using consumer = kafka.consumer()
    consumer.assign([
      { topic, partition: 0, offset: 0 },
      { topic, partition: 1, offset: 0 },
    ])
    const seen: (string | null)[] = []
    while (seen.length < 10) {
      const polled = await consumer.poll({ maxRecords: 3, timeoutMs: 500 })
      const values = polled.flatMap((f) => f.records.map((r) => text(r.value)))
      expect(values.length).toBeLessThanOrEqual(3)
      for (const f of polled) {
        expect(f.nextOffset).toBe((f.records.at(-1)?.offset ?? f.nextOffset - 1) + 1)
      }
      seen.push(...values)
    }
    expect(seen.filter((v) => v! > 'Z')).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(seen.filter((v) => v! < 'Z')).toEqual(['A', 'B', 'C', 'D', 'E'])
  })

  test('a paused partition hands out nothing; a seek moves the position at once', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const partition = { topic, partition: 0 }
    await produce(kafka, topic, ['a', 'b', 'c'])
    await using consumer = kafka.consumer()
    consumer.assign([{ ...partition, offset: 0 }])
    consumer.pause([partition])
    expect(await consumer.poll({ timeoutMs: 300 })).toEqual([])
    consumer.seek(partition, 2)
    expect(consumer.position(partition)).toBe(2)
    consumer.resume([partition])
    const [fetched] = await consumer.poll({ timeoutMs: 60_000 })
    expect(fetched?.records.map((r) => text(r.value))).toEqual(['c'])
    expect(consumer.position(partition)).toBe(3)
    expect(consumer.knownEnd(partition)).toBe(3)
  })

  test('a waiting poll sees a record soon after it was written', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    await using consumer = kafka.consumer()
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    expect(await consumer.poll({ timeoutMs: 50 })).toEqual([])
    const polled = consumer.poll({ timeoutMs: 10_000 })
    await produce(kafka, topic, ['late'])
    expect((await polled)[0]?.records.map((r) => text(r.value))).toEqual(['late'])
  })

  test('with log-append time every record carries the time of the broker', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 1, { 'message.timestamp.type': 'LogAppendTime' })
    const before = Date.now()
    await produce(kafka, topic, ['a', 'b'], { timestamp: 5 })
    const read = await readAll(kafka, { topic, partition: 0 })
    for (const record of read) expect(record.timestamp).toBeGreaterThanOrEqual(before - 1000)
  })

  test('a position below the log start or above its end is an error unless told otherwise', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const partition = { topic, partition: 0 }
    await produce(kafka, topic, ['a', 'b', 'c', 'd'])
    await kafka.admin.deleteRecords([{ ...partition, offset: 2 }])
    for (const offset of [0, 9]) {
      await using strict = kafka.consumer()
      strict.assign([{ ...partition, offset }])
      const failed = strict.poll({ timeoutMs: 60_000 })
      await expect(failed).rejects.toBeInstanceOf(OffsetOutOfRangeError)
      await expect(failed).rejects.toMatchObject({ position: offset, logStart: 2, logEnd: 4 })
      strict.seek(partition, 3)
      expect((await strict.poll({ timeoutMs: 60_000 }))[0]?.records[0]?.offset).toBe(3)
    }
    await using earliest = kafka.consumer({ onOutOfRange: 'earliest' })
    earliest.assign([{ ...partition, offset: 0 }])
    expect((await earliest.poll({ timeoutMs: 60_000 }))[0]?.records[0]?.offset).toBe(2)
    await using latest = kafka.consumer({ onOutOfRange: 'latest' })
    latest.assign([{ ...partition, offset: 0 }])
    await eventually('position at the end', async () => {
      await latest.poll({ timeoutMs: 100 })
      return latest.position(partition) === 4
    })
  })

  test('a batch that is too large is cut; a record that is too large fails alone', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 1, { 'max.message.bytes': '2000' })
    await using producer = kafka.producer({ lingerMs: 1000 })
    const values = Array.from({ length: 60 }, (_, index) => `${index}:`.padEnd(100, '.'))
    for (const value of values) {
      producer.send({ topic, partition: 0, key: null, value: bytes(value) })
    }
    await producer.flush()
    let failure: unknown
    producer.send(
      { topic, partition: 0, key: null, value: bytes('y'.repeat(5000)) },
      (_, error) => {
        failure = error
      },
    )
    await expect(producer.flush()).rejects.toMatchObject({ errorCode: ErrorCode.MESSAGE_TOO_LARGE })
    expect(failure).toBeInstanceOf(KafkaError)
    producer.send({ topic, partition: 0, key: null, value: bytes('after') })
    await producer.flush()
    expect(await readValues(kafka, { topic, partition: 0 })).toEqual([...values, 'after'])
  })

  test.each(['lose-answer', 'duplicate', 'refuse'] as const)(
    'a produce request that meets "%s" neither loses nor repeats nor reorders',
    async (fault) => {
      const { kafka, transport } = await context().client()
      const topic = await context().topic(kafka)
      await using producer = kafka.producer({ batchBytesMax: 200 })
      const values: string[] = []
      for (let round = 0; round < 10; round++) {
        transport.inject('Produce', fault)
        for (let index = 0; index < 30; index++) {
          const value = `${round}/${index}`
          values.push(value)
          producer.send({ topic, partition: 0, key: null, value: bytes(value) })
        }
        await producer.flush()
      }
      expect(await readValues(kafka, { topic, partition: 0 })).toEqual(values)
    },
  )

  test('a send waits for its topic to appear and gives up after the delivery time-out', async () => {
    const { kafka } = await context().client()
    const topic = context().name('later')
    await using producer = kafka.producer({ deliveryTimeoutMs: 400 })
    producer.send({ topic, key: null, value: bytes('v') })
    await expect(producer.flush()).rejects.toMatchObject({ code: 'VARVE_TIMEOUT' })
    await using patient = kafka.producer()
    patient.send({ topic, key: null, value: bytes('v') })
    await kafka.admin.createTopic({ name: topic, partitionCount: 1 })
    await patient.flush()
    expect(await readValues(kafka, { topic, partition: 0 })).toEqual(['v'])
  })

  test('what is not acknowledged is bounded: ready waits', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    await using producer = kafka.producer({ bufferBytesMax: 10_000, lingerMs: 60_000 })
    let acknowledged = 0
    for (let index = 0; index < 20; index++) {
      producer.send({ topic, partition: 0, key: null, value: bytes('x'.repeat(1000)) }, () => {
        acknowledged++
      })
      await producer.ready()
    }
    expect(acknowledged).toBeGreaterThan(0)
    await producer.flush()
    expect(acknowledged).toBe(20)
  })
}
