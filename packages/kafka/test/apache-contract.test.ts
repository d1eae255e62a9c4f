import { isPeerThere } from '@varve/base/testing'
import { isKafkaInstalled, startKafka, type KafkaLine } from '@varve/internal-peers'
import { describe } from 'vitest'

import { KafkajsTransport } from '../src/kafkajs/index.ts'
import { describeKafka, type KafkaEnvironment } from '../src/testing/index.ts'

const lines = [
  { line: '3', name: 'Apache Kafka 3.9', given: process.env['VARVE_KAFKA_3'] },
  { line: '4', name: 'Apache Kafka 4.x', given: process.env['VARVE_KAFKA_4'] },
] as const

for (const { line, name, given } of lines) {
  const what = `${name} (internal/peers/install, or its address in VARVE_KAFKA_${line})`
  const isThere = isPeerThere(what, given !== undefined || isKafkaInstalled(line))
  describe.skipIf(!isThere)(name, () => describeKafka('contract', () => environment(line, given)))
}

async function environment(line: KafkaLine, given: string | undefined): Promise<KafkaEnvironment> {
  // A cluster that is given keeps Kafka's defaults; ours allows shorter sessions and looks for stale transactions more often.
  if (given !== undefined) {
    return {
      sessionTimeoutMsMin: 6000,
      transactionAbortDelayMsMax: 12_000,
      connect: () => Promise.resolve(new KafkajsTransport({ brokers: [given] })),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }
  const kafka = await startKafka(line, {
    properties: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500' },
  })
  return {
    connect: () => Promise.resolve(new KafkajsTransport({ brokers: [kafka.brokers] })),
    [Symbol.asyncDispose]: () => kafka.stop(),
  }
}
