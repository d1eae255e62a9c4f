import { TimeoutError } from '@varve/base'
import { describe, expect, it } from 'vitest'

import {
  memoryStateStorage,
  StreamsApplication,
  StreamsBuilder,
  type Topology,
} from '../src/index.ts'
import { commitSteps, FaultPlan, faultyKafka, faultyStorage } from './faults.ts'
import { json, TestCluster, text } from './support.ts'

const keys = ['a', 'b', 'c', 'd', 'e']
const perKey = 60

/** Numbers the records of each word, through a repartition topic: any loss or repetition shows in the output. */
function numbering(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { keySerde: text, valueSerde: text })
    .groupBy((_key, value) => value, { name: 'by-word', keySerde: text, valueSerde: text })
    .count({ store: 'counts', valueSerde: json<number>() })
    .toStream()
    .to('out', { valueSerde: json<number | null>() })
  return builder.build()
}

function* load(): Generator<readonly [string, string]> {
  for (let i = 0; i < perKey; i++) for (const key of keys) yield [`${key}${i}`, key]
}

async function prepare(cluster: TestCluster): Promise<Map<string, number>> {
  const partitions = [0, 1].map((partition) => ({ topic: 'in', partition }))
  await cluster.kafka.admin.createTopic({ name: 'in', partitionCount: 2 })
  await cluster.kafka.admin.createTopic({ name: 'out', partitionCount: 2 })
  await cluster.produce('in', load())
  const ends = await cluster.kafka.admin.endOffsets(partitions)
  return new Map(ends.map((end) => [`in-${end.partition}`, end.offset]))
}

async function expectExactlyOnce(cluster: TestCluster): Promise<void> {
  const seen = new Map<string, number[]>()
  for (const { key, value } of await cluster.readAll('out')) {
    const word = Buffer.from(key!).toString()
    seen.set(word, [...(seen.get(word) ?? []), Number(Buffer.from(value!).toString())])
  }
  const wanted = Array.from({ length: perKey }, (_, i) => i + 1)
  for (const key of keys) expect(seen.get(key), key).toEqual(wanted)
}

const settings = {
  heartbeatIntervalMs: 100,
  applicationId: 'app',
  commitIntervalMs: 20,
  cacheBytesMax: 0,
  overlayBytesMax: 4_000,
}

describe('exactly once', () => {
  for (const step of commitSteps) {
    for (const times of [1, 2]) {
      it(`holds when the process dies at "${step}" of commit ${times}`, async () => {
        await using cluster = await TestCluster.open()
        const position = await prepare(cluster)
        const storage = memoryStateStorage()
        const plan = new FaultPlan(step, times, true, () => new Error('killed'))
        const died = Promise.withResolvers<unknown>()
        const first = new StreamsApplication({
          ...settings,
          topology: numbering(),
          kafka: faultyKafka(cluster.kafka, plan),
          storage: faultyStorage(storage, plan),
          onError: (error) => died.resolve(error),
        })
        await first.start().catch(() => {})
        expect(String(await died.promise)).toContain('killed')
        await first.close()
        await using second = new StreamsApplication({
          ...settings,
          topology: numbering(),
          kafka: cluster.kafka,
          storage,
        })
        await second.start()
        await second.waitForPosition(position)
        await expectExactlyOnce(cluster)
        for (const key of keys) {
          expect(second.store<string, number>('counts').get(key)?.value).toBe(perKey)
        }
      })
    }
    it(`holds when the broker does not answer at "${step}", without a restart`, async () => {
      await using cluster = await TestCluster.open()
      const position = await prepare(cluster)
      const plan = new FaultPlan(step, 2, false, () => new TimeoutError('no answer'))
      await using app = new StreamsApplication({
        ...settings,
        topology: numbering(),
        kafka: faultyKafka(cluster.kafka, plan),
        storage: faultyStorage(memoryStateStorage(), plan),
      })
      await app.start()
      await app.waitForPosition(position)
      await expectExactlyOnce(cluster)
    })
  }

  it('holds when the work moves between two processes', async () => {
    await using cluster = await TestCluster.open()
    const position = await prepare(cluster)
    const open = (): StreamsApplication =>
      new StreamsApplication({
        ...settings,
        topology: numbering(),
        kafka: cluster.kafka,
        storage: memoryStateStorage(),
      })
    const first = open()
    await first.start()
    await using second = open()
    await second.start()
    await first.waitForPosition(position).catch(() => {})
    await first.close()
    await second.waitForPosition(position)
    await expect.poll(() => second.metrics().tasks).toHaveLength(4)
    await second.waitForPosition(position)
    await expectExactlyOnce(cluster)
  })
})
