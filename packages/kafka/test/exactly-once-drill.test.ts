import { EmbeddedBroker } from '@varve/broker'
import { expect, test } from 'vitest'

import type { Kafka, TopicPartition } from '../src/client.ts'
import { createKafka, rangeAssignor } from '../src/index.ts'
import { FaultInjectionTransport, type TransportFault } from '../src/testing/index.ts'

const INPUTS = 400
const topic = (partition: number): TopicPartition => ({ topic: 'in', partition })

/** Copies what it owns from `in` to `out` in transactions until stopped, as a stream task would; dies by its transport's death. */
class Copier {
  readonly transport: FaultInjectionTransport
  readonly #kafka: Kafka
  readonly #id: string
  #stopped = false
  #running: Promise<void> | undefined

  constructor(broker: EmbeddedBroker, id: string) {
    this.transport = new FaultInjectionTransport(broker)
    this.#kafka = createKafka({ transport: this.transport, requestDeadlineMs: 600 })
    this.#id = id
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await this.#kafka.close()
  }

  async #run(): Promise<void> {
    const owned = new Set<number>()
    let changed = true
    let busy: Promise<void> = Promise.resolve()
    const member = this.#kafka.groupMember({
      groupId: 'copy',
      topics: ['in'],
      assignors: [rangeAssignor],
      sessionTimeoutMs: 300,
      heartbeatIntervalMs: 50,
      rebalanceTimeoutMs: 1000,
      listener: {
        onAssigned: (partitions) => {
          for (const { partition } of partitions) owned.add(partition)
          changed = true
          return Promise.resolve()
        },
        onRevoked: async () => {
          owned.clear()
          await busy
        },
        onLost: () => {
          owned.clear()
          return Promise.resolve()
        },
        onError: () => undefined,
      },
    })
    const joined = member.start().catch(() => undefined)
    let producer = this.#kafka.producer({ transactionalId: this.#id })
    let ready = false
    const consumer = this.#kafka.consumer()
    while (!this.#stopped) {
      const { promise, resolve } = Promise.withResolvers<void>()
      busy = promise
      try {
        if (!ready) {
          await producer.init()
          ready = true
          changed = true
        }
        const group = member.metadata()
        if (group === undefined || owned.size === 0) continue
        if (changed) {
          const partitions = [...owned].map(topic)
          const committed = await this.#kafka.admin.committedOffsets('copy', partitions)
          consumer.assign([])
          consumer.assign(
            partitions.map((p) => ({
              ...p,
              offset: committed.find((c) => c.partition === p.partition)?.offset ?? 0,
            })),
          )
          changed = false
        }
        for (const fetched of await consumer.poll({ timeoutMs: 20, maxRecords: 7 })) {
          if (!owned.has(fetched.partition)) continue
          producer.beginTransaction()
          for (const { key, value } of fetched.records) {
            producer.send({ topic: 'out', partition: 0, key, value })
          }
          const { partition, nextOffset } = fetched
          await producer.sendOffsets([{ topic: 'in', partition, offset: nextOffset }], group)
          await producer.commitTransaction()
        }
      } catch {
        // Whatever happened: forget everything, begin again from what is committed. Fencing asks for a new producer.
        changed = true
        ready = false
        await producer.abortTransaction().catch(() => undefined)
        await producer.close()
        producer = this.#kafka.producer({ transactionalId: this.#id })
      } finally {
        resolve()
        await new Promise((done) => setTimeout(done, 5))
      }
    }
    await member.close()
    await joined
  }
}

test('two workers that are frozen and whose requests get lost copy each record exactly once', async () => {
  await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
  await using kafka = createKafka({ transport: broker })
  await kafka.admin.createTopic({ name: 'in', partitionCount: 2 })
  await kafka.admin.createTopic({ name: 'out', partitionCount: 1 })
  await using feed = kafka.producer()
  const copiers = [new Copier(broker, 'copier-0'), new Copier(broker, 'copier-1')]
  for (const copier of copiers) copier.start()
  const faults: TransportFault[] = ['lose-answer', 'refuse', 'duplicate']
  const apis = ['EndTxn', 'Produce', 'TxnOffsetCommit', 'AddOffsetsToTxn', 'Heartbeat'] as const
  for (let index = 0; index < INPUTS; index++) {
    const value = new TextEncoder().encode(String(index))
    feed.send({ topic: 'in', partition: index % 2, key: null, value })
    if (index % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 15))
    const victim = copiers[index % 2]!.transport
    if (index % 11 === 0) victim.inject(apis[index % apis.length]!, faults[index % faults.length]!)
    if (index % 97 === 50) {
      victim.kill()
      setTimeout(() => victim.revive(), 500)
    }
  }
  await feed.flush()
  const out = kafka.consumer()
  out.assign([{ topic: 'out', partition: 0, offset: 0 }])
  const values: number[] = []
  const deadline = Date.now() + 240_000
  let quietSince = Date.now()
  while (Date.now() < deadline && (values.length < INPUTS || Date.now() - quietSince < 1000)) {
    for (const { records } of await out.poll({ timeoutMs: 100 })) {
      for (const { value } of records) values.push(Number(new TextDecoder().decode(value!)))
      if (records.length > 0) quietSince = Date.now()
    }
  }
  for (const copier of copiers) await copier.stop()
  for (const parity of [0, 1]) {
    expect(values.filter((value) => value % 2 === parity)).toEqual(
      Array.from({ length: INPUTS / 2 }, (_, index) => index * 2 + parity),
    )
  }
}, 300_000)
