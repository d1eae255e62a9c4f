import { ErrorCode } from '@varve/kafka-protocol'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, test } from 'vitest'

import { EmbeddedBroker } from '../src/index.ts'
import { ask, batchOf, createTopic, fetch, produce, readAll } from './support.ts'

async function configsOf(
  broker: EmbeddedBroker,
  topic: string,
): Promise<Map<string, readonly [string | null, number]>> {
  const answer = await ask(broker, 'DescribeConfigs', {
    resources: [{ resourceType: 2, resourceName: topic, configNames: null }],
  })
  const { configs, errorCode } = answer.results[0]!
  expect(errorCode).toBe(0)
  return new Map(configs.map(({ name, value, source }) => [name, [value, source]]))
}

describe('topics', () => {
  test('are checked when made', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    expect(await createTopic(broker, 'a')).toBe(0)
    expect(await createTopic(broker, 'a')).toBe(ErrorCode.TOPIC_ALREADY_EXISTS)
    expect(await createTopic(broker, 'no/slash')).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
    expect(await createTopic(broker, 'x'.repeat(250))).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
    expect(await createTopic(broker, 'b', {}, 0)).toBe(ErrorCode.INVALID_PARTITIONS)
    expect(await createTopic(broker, 'b', { 'no.such': '1' })).toBe(ErrorCode.INVALID_CONFIG)
    expect(await createTopic(broker, 'b', { 'retention.ms': 'soon' })).toBe(
      ErrorCode.INVALID_CONFIG,
    )
  })

  test('settings that bound what is taken are obeyed', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await createTopic(broker, 'young', { 'message.timestamp.before.max.ms': '1000' })
    expect((await produce(broker, 'young', batchOf([['k', 'v', 5]]))).errorCode).toBe(32)
    expect((await produce(broker, 'young', batchOf([['k', 'v', Date.now()]]))).errorCode).toBe(0)
    await createTopic(broker, 'short', { 'max.message.bytes': '100' })
    expect((await produce(broker, 'short', batchOf([['k', 'v'.repeat(100)]]))).errorCode).toBe(10)
    await createTopic(broker, 'many', { 'min.insync.replicas': '2' })
    expect((await produce(broker, 'many', batchOf([['k', 'v']]))).errorCode).toBe(19)
    await createTopic(broker, 'stamped', { 'message.timestamp.type': 'LogAppendTime' })
    const stamped = await produce(broker, 'stamped', batchOf([['k', 'v', 5]]))
    expect(stamped.logAppendTimeMs).toBeGreaterThan(1_000_000)
  })

  test('unknown options and settings are refused by name', async () => {
    const open = (defaults: object): Promise<EmbeddedBroker> =>
      EmbeddedBroker.open({ directory: ':memory:', defaults })
    await expect(open({ nodeID: 1 })).rejects.toThrow(/defaults.nodeID/)
    await expect(open({ cleanerIntervalMs: 0 })).rejects.toThrow(/cleanerIntervalMs/)
    await expect(open({ topicConfigs: { 'retention.ms': 'x' } })).rejects.toThrow(/retention.ms/)
  })

  test('settings, partitions and records survive a restart', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { directory: '/data', fileSystem }
    const before = await EmbeddedBroker.open(options)
    await createTopic(before, 'a', { 'retention.ms': '-1' }, 2)
    await ask(before, 'CreatePartitions', {
      topics: [{ name: 'a', count: 4 }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    const altered = await ask(before, 'IncrementalAlterConfigs', {
      resources: [
        {
          resourceType: 2,
          resourceName: 'a',
          configs: [
            { name: 'cleanup.policy', operation: 2, value: 'compact' },
            { name: 'retention.ms', operation: 1, value: null },
            { name: 'segment.bytes', operation: 0, value: '1000' },
          ],
        },
      ],
      validateOnly: false,
    })
    expect(altered.results[0]!.errorCode).toBe(0)
    await produce(before, 'a', batchOf([['k', 'v']]), null, 3)
    await before.close()
    await using broker = await EmbeddedBroker.open(options)
    const configs = await configsOf(broker, 'a')
    expect(configs.get('cleanup.policy')).toEqual(['delete,compact', 1])
    expect(configs.get('retention.ms')).toEqual(['604800000', 5])
    const { topics } = await ask(broker, 'Metadata', {
      topics: ['a'],
      allowAutoTopicCreation: false,
    })
    expect(topics[0]!.partitions).toHaveLength(4)
    const ends = await ask(broker, 'ListOffsets', {
      isolationLevel: 0,
      topics: [{ topic: 'a', partitions: [{ partition: 3, timestamp: -1 }] }],
    })
    expect(ends.topics[0]!.partitions[0]!.offset).toBe(1)
  })

  test('a deleted topic is gone with its data; one of the same name begins anew', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { directory: '/data', fileSystem }
    const before = await EmbeddedBroker.open(options)
    await createTopic(before, 'a')
    for (let i = 0; i < 5; i++) await produce(before, 'a', batchOf([['k', 'v']]))
    const toDelete = { topics: [{ topic: 'a', partitions: [{ partition: 0, offset: 4 }] }] }
    await ask(before, 'DeleteRecords', { ...toDelete, timeoutMs: 1000 })
    const deleted = await ask(before, 'DeleteTopics', { topicNames: ['a', 'b'], timeoutMs: 1000 })
    expect(deleted.topics.map(({ errorCode }) => errorCode)).toEqual([0, 3])
    expect((await fetch(before, 'a')).errorCode).toBe(3)
    expect((await fileSystem.list('/data')).filter((name) => name.startsWith('a-'))).toEqual([])
    await createTopic(before, 'a')
    await produce(before, 'a', batchOf([['k', 'new']]))
    fileSystem.crash({ loss: 'process' })
    await using broker = await EmbeddedBroker.open(options)
    expect((await readAll(broker, 'a')).map(({ value }) => value)).toEqual(['new'])
  })

  test('Metadata makes a topic only where that is allowed', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    const asked = async (allowAutoTopicCreation: boolean): Promise<number> => {
      const request = { topics: ['auto'], allowAutoTopicCreation }
      return (await ask(broker, 'Metadata', request)).topics[0]!.errorCode
    }
    expect(await asked(false)).toBe(3)
    expect(await asked(true)).toBe(0)
    expect(await asked(false)).toBe(0)
  })

  test('partition directories that belong to no topic are set aside, not read', async () => {
    const fileSystem = new MemoryFileSystem()
    await fileSystem.mkdir('/data/ghost-0')
    await using broker = await EmbeddedBroker.open({ directory: '/data', fileSystem })
    expect(await createTopic(broker, 'ghost')).toBe(0)
    const names = await fileSystem.list('/data')
    expect(names.filter((name) => /^ghost-0\..*-stray$/.test(name))).toHaveLength(1)
  })

  test('after close requests are refused, and closing again is nothing', async () => {
    const broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await broker.close()
    await broker.close()
    const asked = ask(broker, 'Metadata', { topics: null, allowAutoTopicCreation: false })
    await expect(asked).rejects.toMatchObject({ code: 'VARVE_NOT_OPEN' })
  })
})
