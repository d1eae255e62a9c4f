import { isKafkaInstalled, startKafka, type KafkaLine } from '@varve/internal-peers'
import { describe, test } from 'vitest'

import { KafkajsTransport } from '../src/kafkajs/index.ts'
import { describeKafka, type KafkaEnvironment } from '../src/testing/index.ts'

const lines = [
  { line: '3', name: 'Apache Kafka 3.9', given: process.env['VARVE_KAFKA_3'] },
  { line: '4', name: 'Apache Kafka 4.x', given: process.env['VARVE_KAFKA_4'] },
] as const

for (const { line, name, given } of lines) {
  if (given !== undefined || isKafkaInstalled(line)) {
    describeKafka(name, () => environment(line, given))
  } else if (process.env['VARVE_REQUIRE_PEERS'] === '1') {
    test(`${name} is there`, () => {
      throw new Error(
        `${name} is missing: run internal/peers/install or name it in VARVE_KAFKA_${line}`,
      )
    })
  } else {
    console.log(`skipped: the contract on ${name}, which internal/peers/install would bring`)
    describe.skip(name, () => test('contract', () => undefined))
  }
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
