import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { EmbeddedBroker } from '@varve/broker'
import type { Transport } from '@varve/kafka-protocol'

import { describeKafka, type KafkaEnvironment } from '../src/testing/index.ts'

async function embedded(
  directory: string,
  onClose: () => Promise<void>,
): Promise<KafkaEnvironment> {
  const broker = await EmbeddedBroker.open({ directory })
  const view: Transport = {
    address: `embedded broker in "${directory}"`,
    send: (target, api, request, options) => broker.send(target, api, request, options),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return {
    connect: () => Promise.resolve(view),
    async [Symbol.asyncDispose]() {
      await broker.close()
      await onClose()
    },
  }
}

describeKafka('embedded broker in memory', () => embedded(':memory:', () => Promise.resolve()))

describeKafka('embedded broker on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'varve-kafka-contract-'))
  return embedded(directory, () => rm(directory, { recursive: true, force: true }))
})
