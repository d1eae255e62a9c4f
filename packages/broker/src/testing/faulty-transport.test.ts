import { VirtualClock } from '@varve/base/testing'
import type { CreateTopicsRequest } from '@varve/kafka-protocol'
import { expect, test } from 'vitest'

import { EmbeddedBroker } from '../embedded-broker.ts'
import { FaultyTransport } from './faulty-transport.ts'

const any = { kind: 'any' } as const

function creation(name: string): CreateTopicsRequest {
  return {
    topics: [{ name, partitionCount: 1, replicationFactor: 1, configs: [] }],
    timeoutMs: 1000,
    validateOnly: false,
  }
}

test('a lost answer comes after the effect, a lost request without it', async () => {
  await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
  await using faulty = new FaultyTransport(broker, new VirtualClock())
  faulty.once('CreateTopics', { kind: 'lose-answer' })
  await expect(faulty.send(any, 'CreateTopics', creation('a'))).rejects.toThrow(/no answer/)
  faulty.once('CreateTopics', { kind: 'lose-request' })
  await expect(faulty.send(any, 'CreateTopics', creation('b'))).rejects.toThrow(/no answer/)
  const again = await faulty.send(any, 'CreateTopics', creation('a'))
  expect(again.topics[0]!.errorCode).toBe(36)
  expect((await faulty.send(any, 'CreateTopics', creation('b'))).topics[0]!.errorCode).toBe(0)
  expect(faulty.sentCount('CreateTopics')).toBe(4)
})

test('a duplicate takes effect twice, a rule holds until it is taken away', async () => {
  await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
  await using faulty = new FaultyTransport(broker, new VirtualClock())
  faulty.once('CreateTopics', { kind: 'duplicate' })
  expect((await faulty.send(any, 'CreateTopics', creation('a'))).topics[0]!.errorCode).toBe(36)
  {
    using _ = faulty.rule((api) =>
      api === 'Metadata' ? { kind: 'refuse', error: new Error('refused') } : undefined,
    )
    const asked = faulty.send(any, 'Metadata', { topics: null, allowAutoTopicCreation: false })
    await expect(asked).rejects.toThrow('refused')
  }
  const metadata = await faulty.send(any, 'Metadata', {
    topics: null,
    allowAutoTopicCreation: false,
  })
  expect(metadata.topics.map(({ name }) => name)).toEqual(['a'])
})
