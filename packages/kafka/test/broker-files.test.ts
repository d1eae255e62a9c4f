import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isPeerThere } from '@varve/base/testing'
import { EmbeddedBroker } from '@varve/broker'
import { dumpLogSegments, isKafkaInstalled } from '@varve/internal-peers'
import { compressionNames } from '@varve/kafka-protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createKafka } from '../src/index.ts'

const installed = isPeerThere(
  'Apache Kafka 3.9 and 4.x (internal/peers/install)',
  isKafkaInstalled('3') && isKafkaInstalled('4'),
)

const title = 'files of the embedded broker, written by the client'
describe.skipIf(!installed)(title, { timeout: 240_000 }, () => {
  let directory: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'varve-peers-test-'))
    await using broker = await EmbeddedBroker.open({ directory })
    await using kafka = createKafka({ transport: broker })
    const configs = { 'segment.bytes': '20000' }
    await kafka.admin.createTopic({ name: 't', partitionCount: 1, configs })
    for (const compression of compressionNames) {
      const producer = kafka.producer({ compression, transactionalId: compression })
      await producer.init()
      for (let round = 0; round < 5; round++) {
        producer.beginTransaction()
        for (let index = 0; index < 20; index++) {
          producer.send({
            topic: 't',
            key: Buffer.from(`k${index}`),
            value: Buffer.from('value '.repeat(20) + round),
            headers: [{ key: 'h', value: null }],
          })
        }
        await producer.flush()
        if (round % 2 === 0) await producer.commitTransaction()
        else await producer.abortTransaction()
      }
    }
  })

  afterAll(() => rm(directory, { recursive: true, force: true }))

  test.each(['3', '4'] as const)(
    "Kafka's dump tool of line %s reads them without complaint",
    async (line) => {
      const partition = join(directory, 't-0')
      const files = (await readdir(partition))
        .filter((name) => /\.(log|index|timeindex|txnindex|snapshot)$/.test(name))
        .map((name) => join(partition, name))
      const dump = await dumpLogSegments(files, { line })
      expect(dump.match(/^\| offset: .* endTxnMarker: (ABORT|COMMIT)/gm)).toHaveLength(25)
      expect(dump.match(/^\| offset: /gm)).toHaveLength(525)
      expect(dump).not.toMatch(/isvalid: false|mismatch|invalid|not found|Found|exception|Error/i)
    },
  )
})
