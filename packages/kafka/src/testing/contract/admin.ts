import { expect, test } from 'vitest'

import { ErrorCode } from '@varve/kafka-protocol'

import { TopicExistsError } from '../../errors.ts'
import { bytes, eventually, produce, type ContractContext } from '../environment.ts'

/** Topics, offsets by time, committed offsets, groups. */
export function adminContract(context: () => ContractContext): void {
  test('a topic is created once, described, listed and deleted', async () => {
    const { kafka } = await context().client()
    const { admin } = kafka
    const name = context().name('made')
    expect(await admin.describeTopic(name)).toBeUndefined()
    await admin.createTopic({ name, partitionCount: 3, configs: { 'cleanup.policy': 'compact' } })
    expect(await admin.describeTopic(name)).toEqual({
      name,
      partitionCount: 3,
      replicationFactor: 1,
      isInternal: false,
    })
    expect((await admin.listTopics()).map((topic) => topic.name)).toContain(name)
    expect((await admin.topicConfigs(name))['cleanup.policy']).toBe('compact')
    const again = admin.createTopic({ name, partitionCount: 3 })
    await expect(again).rejects.toBeInstanceOf(TopicExistsError)
    await expect(again).rejects.toMatchObject({ code: 'VARVE_ALREADY_EXISTS', topic: name })
    await admin.deleteTopic(name)
    await eventually('gone', async () => (await admin.describeTopic(name)) === undefined)
    await admin.deleteTopic(name)
  })

  test('bad settings are refused with the words of the broker', async () => {
    const { kafka } = await context().client()
    await expect(
      kafka.admin.createTopic({
        name: context().name('bad'),
        partitionCount: 1,
        configs: { 'cleanup.policy': 'nonsense' },
      }),
    ).rejects.toMatchObject({ errorCode: ErrorCode.INVALID_CONFIG })
    await expect(
      kafka.admin.createTopic({ name: 'no spaces', partitionCount: 1 }),
    ).rejects.toMatchObject({ errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION })
  })

  test('a creation whose answer is lost is not taken for a foreign topic', async () => {
    const { kafka, transport } = await context().client()
    const name = context().name('lost')
    transport.inject('CreateTopics', 'lose-answer')
    await kafka.admin.createTopic({ name, partitionCount: 2 })
    expect((await kafka.admin.describeTopic(name))?.partitionCount).toBe(2)
  })

  test('offsets are found by time; after the last record there is none', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 1, { 'retention.ms': '-1' })
    const partition = { topic, partition: 0 }
    await using producer = kafka.producer()
    for (const timestamp of [1000, 2000, 3000]) {
      producer.send({ ...partition, key: null, value: bytes('v'), timestamp })
    }
    await producer.flush()
    const at = async (timestamp: number): Promise<number | undefined> =>
      (await kafka.admin.offsetsForTime([{ ...partition, timestamp }]))[0]!.offset
    expect([await at(0), await at(1000), await at(1001), await at(3000), await at(3001)]).toEqual([
      0,
      0,
      1,
      2,
      undefined,
    ])
    expect((await kafka.admin.startOffsets([partition]))[0]!.offset).toBe(0)
    expect((await kafka.admin.endOffsets([partition]))[0]!.offset).toBe(3)
  })

  test('deleted records move the log start and not the end', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka)
    const partition = { topic, partition: 0 }
    await produce(kafka, topic, ['a', 'b', 'c'])
    await kafka.admin.deleteRecords([{ ...partition, offset: 2 }])
    expect((await kafka.admin.startOffsets([partition]))[0]!.offset).toBe(2)
    expect((await kafka.admin.endOffsets([partition]))[0]!.offset).toBe(3)
    await expect(kafka.admin.deleteRecords([{ ...partition, offset: 99 }])).rejects.toMatchObject({
      errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
    })
  })

  test('a group without members takes offsets from anybody and gives them back with their text', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 2)
    const groupId = context().name('group')
    const group = { groupId, generationId: -1, memberId: '', groupInstanceId: null }
    const partitions = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]
    expect(await kafka.admin.committedOffsets(groupId, partitions)).toEqual([])
    await kafka.admin.commitOffsets([{ topic, partition: 1, offset: 5, metadata: 'x' }], group)
    expect(await kafka.admin.committedOffsets(groupId, partitions)).toEqual([
      { topic, partition: 1, offset: 5, metadata: 'x' },
    ])
    expect(await kafka.admin.listGroups()).toContain(groupId)
    await kafka.admin.deleteGroup(groupId)
    await kafka.admin.deleteGroup(groupId)
    expect(await kafka.admin.committedOffsets(groupId, partitions)).toEqual([])
  })
}
