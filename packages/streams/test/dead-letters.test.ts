import { DeserializationError } from '@varve/base'
import { expect, it } from 'vitest'

import { memoryStateStorage, StreamsApplication, StreamsBuilder, type Serde } from '../src/index.ts'
import { TestCluster, text } from './support.ts'

const digits: Serde<string> = {
  serialize: (value) => text.serialize(value),
  deserialize: (bytes) => {
    const value = text.deserialize(bytes)
    if (!/^\d+$/.test(value)) throw new DeserializationError(`"${value}" is no number`)
    return value
  },
}

it.each(['exactly_once', 'at_least_once'] as const)(
  'writes what it passes over to a topic, once over a restart (%s)',
  async (processingGuarantee) => {
    await using cluster = await TestCluster.open()
    for (const name of ['in', 'out', 'dead'])
      await cluster.kafka.admin.createTopic({ name, partitionCount: 1 })
    const builder = new StreamsBuilder()
    builder
      .stream('in', { keySerde: text, valueSerde: digits })
      .to('out', { keySerde: text, valueSerde: digits })
    const open = (): StreamsApplication =>
      new StreamsApplication({
        applicationId: 'app',
        topology: builder.build(),
        kafka: cluster.kafka,
        storage: memoryStateStorage(),
        processingGuarantee,
        commitIntervalMs: 20,
        deadLetter: ({ key, value, offset, message }) => ({
          topic: 'dead',
          key: key?.slice() ?? null,
          value: value?.slice() ?? null,
          headers: [{ key: 'why', value: Buffer.from(`${offset}: ${message}`) }],
        }),
      })
    const run = async (end: number): Promise<void> => {
      await using app = open()
      await app.start()
      await app.waitForPosition(new Map([['in-0', end]]))
    }
    await cluster.produce('in', [
      ['a', '1'],
      ['b', 'two'],
    ])
    await run(2)
    await cluster.produce('in', [
      ['c', 'three'],
      ['d', '4'],
    ])
    await run(4)
    const letters = await cluster.readAll('dead')
    expect(
      letters.map(({ key, value, headers }) => [
        Buffer.from(key!).toString(),
        Buffer.from(value!).toString(),
        Buffer.from(headers[0]!.value!).toString(),
      ]),
    ).toEqual([
      ['b', 'two', expect.stringContaining('1: ')],
      ['c', 'three', expect.stringContaining('2: ')],
    ])
    expect((await cluster.readAll('out')).map(({ key }) => Buffer.from(key!).toString())).toEqual([
      'a',
      'd',
    ])
  },
)
