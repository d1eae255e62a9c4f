import { NotOpenError } from '@varve/base'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import {
  lsmStateStorage,
  memoryStateStorage,
  StreamsApplication,
  StreamsBuilder,
  timeWindowedSerde,
  tumblingWindows,
  type StateStorage,
  type StreamsApplicationOptions,
  type Topology,
} from '../src/index.ts'
import { json, TestCluster, text } from './support.ts'

function countTopology(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { keySerde: text, valueSerde: text })
    .groupBy((_key, value) => value, { name: 'by-word', keySerde: text, valueSerde: text })
    .count({ store: 'counts', valueSerde: json<number>() }, { name: 'count' })
    .toStream()
    .to('out', { name: 'sink', valueSerde: json<number | null>() })
  return builder.build()
}

function application(
  cluster: TestCluster,
  storage: StateStorage,
  options: Partial<StreamsApplicationOptions> = {},
): StreamsApplication {
  return new StreamsApplication({
    applicationId: 'app',
    topology: countTopology(),
    kafka: cluster.kafka,
    storage,
    commitIntervalMs: 50,
    cacheBytesMax: 0,
    ...options,
  })
}

async function createTopics(cluster: TestCluster): Promise<void> {
  await cluster.kafka.admin.createTopic({ name: 'in', partitionCount: 2 })
  await cluster.kafka.admin.createTopic({ name: 'out', partitionCount: 2 })
}

async function endPosition(cluster: TestCluster, topic: string): Promise<Map<string, number>> {
  const ends = await cluster.kafka.admin.endOffsets(
    [0, 1].map((partition) => ({ topic, partition })),
  )
  return new Map(ends.map((end) => [`${end.topic}-${end.partition}`, end.offset]))
}

/** Last committed value per key of the output, and how many records it took. */
async function output(cluster: TestCluster): Promise<{ last: Map<string, number>; count: number }> {
  const records = await cluster.readAll('out')
  const last = new Map<string, number>()
  for (const record of records) {
    last.set(Buffer.from(record.key!).toString(), Number(Buffer.from(record.value!).toString()))
  }
  return { last, count: records.length }
}

const words = ['red', 'green', 'blue', 'red', 'red', 'green']

describe('StreamsApplication on the embedded broker', () => {
  it('tells a partitioner how many partitions its topic has', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await cluster.kafka.admin.createTopic({ name: 'wide', partitionCount: 5 })
    await cluster.produce('in', [['k', 'v']])
    const builder = new StreamsBuilder()
    builder
      .stream('in', { keySerde: text, valueSerde: text })
      .to('wide', { partitioner: (_key, _value, partitionCount) => partitionCount - 1 })
    await using app = application(cluster, memoryStateStorage(), { topology: builder.build() })
    await app.start()
    await app.waitForPosition(await endPosition(cluster, 'in'))
    expect((await cluster.readAll('wide')).map((record) => record.partition)).toEqual([4])
  })

  for (const processingGuarantee of ['exactly_once', 'at_least_once'] as const) {
    it(`counts through a repartition topic (${processingGuarantee})`, async () => {
      await using cluster = await TestCluster.open()
      await createTopics(cluster)
      await cluster.produce(
        'in',
        words.map((word, i) => [`k${i}`, word] as const),
      )
      await using app = application(cluster, memoryStateStorage(), { processingGuarantee })
      await app.start()
      await app.waitForPosition(await endPosition(cluster, 'in'))
      expect(app.store<string, number>('counts').get('red')).toMatchObject({ value: 3 })
      expect((await output(cluster)).last).toEqual(
        new Map([
          ['red', 3],
          ['green', 2],
          ['blue', 1],
        ]),
      )
      expect((await output(cluster)).count).toBe(6)
    })
  }

  const storages = {
    'on the heap': () => memoryStateStorage(),
    'in an LSM database': () =>
      lsmStateStorage({ directory: '/state', fileSystem: new MemoryFileSystem() }),
  }
  it.each(Object.entries(storages))(
    'goes on after a restart, and from the changelog when the state is gone (%s)',
    async (_name, open) => {
      await using cluster = await TestCluster.open()
      await createTopics(cluster)
      const storage = open()
      for (const [round, store] of [storage, storage, open()].entries()) {
        await cluster.produce(
          'in',
          words.map((word, i) => [`k${i}`, word] as const),
        )
        await using app = application(cluster, store)
        await app.start()
        await app.waitForPosition(await endPosition(cluster, 'in'))
        expect(app.store<string, number>('counts').get('red')).toMatchObject({
          value: 3 * (round + 1),
        })
        expect(app.metrics().restoredRecords > 0).toBe(round === 2)
      }
      expect((await output(cluster)).count).toBe(18)
    },
  )

  it('refuses a second instance on the same state', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    const fileSystem = new MemoryFileSystem()
    const open = (): StateStorage => lsmStateStorage({ directory: '/state', fileSystem })
    await using first = application(cluster, open())
    await first.start()
    await using second = application(cluster, open())
    await expect(second.start()).rejects.toMatchObject({ code: 'VARVE_LOCKED' })
  })

  it('removes group, internal topics and state on clean-up', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    const storage = memoryStateStorage()
    const app = application(cluster, storage)
    await app.start()
    await app.close()
    await app.cleanUp()
    const topics = await cluster.kafka.admin.listTopics()
    expect(topics.map((topic) => topic.name).filter((name) => name.startsWith('app-'))).toEqual([])
    expect(await cluster.kafka.admin.listGroups()).toEqual([])
    expect(await storage.listTasks('app')).toEqual([])
  })

  it('passes over undecodable records and says where they are', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    const builder = new StreamsBuilder()
    builder.stream('in', { keySerde: text, valueSerde: json<number>() }).to('out')
    const skipped: unknown[] = []
    await using app = application(cluster, memoryStateStorage(), {
      topology: builder.build(),
      onSkippedRecord: ({ topic, offset, reason }) => skipped.push({ topic, offset, reason }),
    })
    await app.start()
    await cluster.produce('in', [
      ['k', '1'],
      ['k', '{'],
      ['k', '3'],
    ])
    await app.waitForPosition(await endPosition(cluster, 'in'))
    expect(skipped).toEqual([{ topic: 'in', offset: 1, reason: 'undecodable-value' }])
    expect((await output(cluster)).count).toBe(2)
  })

  it('joins tables by foreign key across partitions', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await cluster.kafka.admin.createTopic({ name: 'people', partitionCount: 3 })
    const builder = new StreamsBuilder()
    const people = builder.table('people', { keySerde: text, valueSerde: text })
    builder
      .table('in', { keySerde: text, valueSerde: text })
      .joinForeignKey(
        people,
        (order) => order,
        (order, person) => `${order} is ${person}`,
        { type: 'inner', name: 'owner', materialized: { store: 'joined', valueSerde: text } },
      )
      .toStream()
      .to('out', { valueSerde: text })
    const orders = Array.from({ length: 30 }, (_, i) => [`o${i}`, `p${i % 5}`] as const)
    const persons = Array.from({ length: 5 }, (_, i) => [`p${i}`, `person ${i}`] as const)
    await cluster.produce('in', orders)
    await cluster.produce('people', persons)
    await using app = application(cluster, memoryStateStorage(), { topology: builder.build() })
    await app.start()
    await app.waitForPosition(await endPosition(cluster, 'in'))
    await cluster.produce('people', [['p3', 'somebody else']])
    const ends = await cluster.kafka.admin.endOffsets(
      [0, 1, 2].map((partition) => ({ topic: 'people', partition })),
    )
    await app.waitForPosition(new Map(ends.map((end) => [`people-${end.partition}`, end.offset])))
    const rows = [...app.store<string, string>('joined').all()]
    expect(new Map(rows.map((row) => [row.key, row.value]))).toEqual(
      new Map(
        orders.map(([order, person]) => [
          order,
          `${person} is ${person === 'p3' ? 'somebody else' : `person ${person.slice(1)}`}`,
        ]),
      ),
    )
  })

  it('refuses an internal topic with the wrong number of partitions', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await cluster.kafka.admin.createTopic({ name: 'app-counts-changelog', partitionCount: 7 })
    await using app = application(cluster, memoryStateStorage())
    await expect(app.start()).rejects.toThrow(
      'internal topic "app-counts-changelog" has 7 partitions instead of 2',
    )
  })

  it('purges what it has read of repartition topics', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await using app = application(cluster, memoryStateStorage(), { repartitionPurgeIntervalMs: 0 })
    await app.start()
    for (let round = 0; round < 3; round++) {
      await cluster.produce(
        'in',
        words.map((word, i) => [`k${i}`, word] as const),
      )
      await app.waitForPosition(await endPosition(cluster, 'in'))
    }
    const partitions = [0, 1].map((partition) => ({ topic: 'app-by-word-repartition', partition }))
    const starts = await cluster.kafka.admin.startOffsets(partitions)
    expect(starts.reduce((sum, { offset }) => sum + offset, 0)).toBeGreaterThan(0)
    expect(app.store<string, number>('counts').get('red')).toMatchObject({ value: 9 })
  })

  it('goes on with the rows of a cache after a restart', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    const storage = memoryStateStorage()
    for (let round = 1; round <= 2; round++) {
      await using app = application(cluster, storage, { cacheBytesMax: 1_000 })
      await app.start()
      await cluster.produce(
        'in',
        words.map((word, i) => [`k${i}`, word] as const),
      )
      await app.waitForPosition(await endPosition(cluster, 'in'))
      expect(app.store<string, number>('counts').get('red')).toMatchObject({ value: 3 * round })
    }
    expect((await output(cluster)).last.get('red')).toBe(6)
  })

  it('stops at a pause and goes on after it', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await using app = application(cluster, memoryStateStorage())
    await app.start()
    await app.pause()
    expect(app.state).toBe('paused')
    await cluster.produce('in', [['k', 'red']])
    const position = await endPosition(cluster, 'in')
    await expect(app.waitForPosition(position, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'VARVE_TIMEOUT',
    })
    app.resume()
    await app.waitForPosition(position)
    expect(app.state).toBe('running')
  })

  it('is not paused before its tasks are there, and then takes no record', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await cluster.produce('in', [['k', 'red']])
    const states: string[] = []
    let paused: Promise<void> | undefined
    await using app = application(cluster, memoryStateStorage(), {
      onStateChange: (state) => {
        states.push(state)
        if (state === 'restoring') paused = app.pause()
      },
    })
    await app.start()
    await paused
    expect(states).toEqual(['rebalancing', 'restoring', 'paused'])
    expect(app.store<string, number>('counts').get('red')).toBeUndefined()
    expect(app.metrics().recordsProcessed).toBe(0)
    app.resume()
    await app.waitForPosition(await endPosition(cluster, 'in'))
    expect(app.store<string, number>('counts').get('red')).toMatchObject({ value: 1 })
  })

  it('goes on when it is resumed while it still comes to rest', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await using app = application(cluster, memoryStateStorage())
    await app.start()
    const paused = app.pause()
    app.resume()
    await paused
    expect(app.state).toBe('running')
    await cluster.produce('in', [['k', 'red']])
    await app.waitForPosition(await endPosition(cluster, 'in'))
  })

  it('neither shows stores nor calls a position reached while its tasks are on their way', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await cluster.produce('in', [['k', 'red']])
    const position = await endPosition(cluster, 'in')
    await using app = application(cluster, memoryStateStorage())
    const started = app.start()
    let reached = false
    while (app.state === 'rebalancing' || app.state === 'restoring') {
      expect(() => app.store('counts')).toThrow(NotOpenError)
      await app.waitForPosition(position, { timeoutMs: 0 }).then(
        () => (reached = app.state !== 'running'),
        () => {},
      )
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(reached).toBe(false)
    await started
    await app.waitForPosition(position)
    expect(app.store<string, number>('counts').get('red')).toMatchObject({ value: 1 })
  })

  it('writes the windows of a key to the partition of the key', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await cluster.produce(
      'in',
      Array.from({ length: 12 }, (_, i) => ['k', 'red', i * 1_000] as const),
    )
    const builder = new StreamsBuilder()
    builder
      .stream('in', { keySerde: text, valueSerde: text })
      .groupByKey({ keySerde: text, valueSerde: text })
      .windowedBy(tumblingWindows({ sizeMs: 1_000, graceMs: 0 }))
      .count({ store: 'counts', valueSerde: json<number>() })
      .toStream()
      .to('out', { keySerde: timeWindowedSerde(text, 1_000), valueSerde: json<number | null>() })
    await using app = application(cluster, memoryStateStorage(), { topology: builder.build() })
    await app.start()
    await app.waitForPosition(await endPosition(cluster, 'in'))
    const [first] = await cluster.readAll('in')
    const written = await cluster.readAll('out')
    expect(written).toHaveLength(12)
    expect(new Set(written.map((record) => record.partition))).toEqual(new Set([first!.partition]))
  })

  it('shows subscribers committed changes only, in order', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    await using app = application(cluster, memoryStateStorage())
    const seen: unknown[] = []
    using _ = app.subscribe<string, number>('count', ({ key, change }) => {
      seen.push([key, change.newValue])
    })
    await app.start()
    await cluster.produce(
      'in',
      ['red', 'red', 'red'].map((word) => ['k', word] as const),
    )
    await app.waitForPosition(await endPosition(cluster, 'in'))
    expect(seen).toEqual([
      ['red', 1],
      ['red', 2],
      ['red', 3],
    ])
  })

  it('refuses a missing source topic by name', async () => {
    await using cluster = await TestCluster.open()
    await using app = application(cluster, memoryStateStorage())
    await expect(app.start()).rejects.toThrow('source topic "in" does not exist')
    expect(app.state).toBe('error')
  })

  it('ends with a typed error when an operator fails, without a trace of the failed transaction', async () => {
    await using cluster = await TestCluster.open()
    await createTopics(cluster)
    const builder = new StreamsBuilder()
    builder
      .stream('in', { keySerde: text, valueSerde: text })
      .mapValues((value) => {
        if (value === 'bad') throw new Error('cannot use this')
        return value
      })
      .to('out', { valueSerde: text })
    const failed = Promise.withResolvers<unknown>()
    await using app = application(cluster, memoryStateStorage(), {
      topology: builder.build(),
      onError: (error) => failed.resolve(error),
    })
    await app.start()
    await cluster.produce('in', [
      ['k', 'good'],
      ['k', 'bad'],
    ])
    expect(await failed.promise).toMatchObject({ topic: 'in', offset: 1 })
  })
})
