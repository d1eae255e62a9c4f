import { RecordBatchBuilder } from '@varve/kafka-protocol'

import { EmbeddedBroker } from '../src/index.ts'

/** Produces without end and prints every acknowledged offset; killed by whoever started it. */
const directory = process.argv[2]!
const broker = await EmbeddedBroker.open({ directory })
const any = { kind: 'any' } as const
await broker.send(any, 'CreateTopics', {
  topics: [
    {
      name: 'orders',
      partitionCount: 2,
      replicationFactor: 1,
      configs: [{ name: 'segment.bytes', value: '20000' }],
    },
  ],
  timeoutMs: 1000,
  validateOnly: false,
})
const encoder = new TextEncoder()
const startedMs = Date.now()
// Bounded, should the parent die first.
for (let i = 0; Date.now() - startedMs < 20_000; i++) {
  const partition = i % 2
  const builder = new RecordBatchBuilder()
  const key = encoder.encode(`${process.pid}/${i}`)
  for (let n = 0; n <= i % 5; n++) builder.append(Date.now(), key, new Uint8Array(100))
  const { topics } = await broker.send(any, 'Produce', {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1000,
    topics: [{ topic: 'orders', partitions: [{ partition, records: builder.build() }] }],
  })
  const answer = topics[0]!.partitions[0]!
  if (answer.errorCode !== 0) throw new Error(answer.errorMessage ?? String(answer.errorCode))
  process.stdout.write(`${partition} ${answer.baseOffset} ${process.pid}/${i} ${(i % 5) + 1}\n`)
}
