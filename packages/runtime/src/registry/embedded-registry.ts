import { CorruptionError, isVarveError } from '@varve/base'
import type { Kafka, Producer } from '@varve/kafka'
import { InMemorySchemaRegistry, type SchemaRegistryEvent } from '@varve/serde'

/** Topic that holds the history of the embedded registry: one partition, kept for ever. */
const schemasTopic = '_schemas'

/** The schema registry of the embedded mode, with its history in a topic of the embedded broker. */
export interface EmbeddedRegistry extends AsyncDisposable {
  readonly registry: InMemorySchemaRegistry
  close(): Promise<void>
}

/** Reads the history and opens the registry for writing. One process at a time: the broker's directory is locked. */
export async function openEmbeddedRegistry(kafka: Kafka): Promise<EmbeddedRegistry> {
  try {
    await kafka.admin.createTopic({
      name: schemasTopic,
      partitionCount: 1,
      configs: { 'retention.ms': '-1', 'cleanup.policy': 'delete' },
    })
  } catch (error) {
    if (!isVarveError(error) || error.code !== 'VARVE_ALREADY_EXISTS') throw error
  }
  const events = await readEvents(kafka)
  let producer: Promise<Producer> | undefined
  const registry = new InMemorySchemaRegistry({
    events,
    journal: {
      async append(event) {
        producer ??= openProducer(kafka)
        const opened = await producer
        opened.send({ topic: schemasTopic, partition: 0, key: null, value: encodeEvent(event) })
        await opened.flush()
      },
    },
  })
  const close = async (): Promise<void> => {
    await (await producer)?.close()
  }
  return { registry, close, [Symbol.asyncDispose]: close }
}

async function openProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ lingerMs: 0 })
  await producer.init()
  return producer
}

function encodeEvent(event: SchemaRegistryEvent): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version: 1, ...event }))
}

async function readEvents(kafka: Kafka): Promise<SchemaRegistryEvent[]> {
  const partition = { topic: schemasTopic, partition: 0 }
  const [end] = await kafka.admin.endOffsets([partition])
  const events: SchemaRegistryEvent[] = []
  await using consumer = kafka.consumer()
  consumer.assign([{ ...partition, offset: 0 }])
  while ((consumer.position(partition) ?? 0) < (end?.offset ?? 0)) {
    for (const { records } of await consumer.poll({ timeoutMs: 1_000 })) {
      for (const record of records) events.push(decodeEvent(record.value, record.offset))
    }
  }
  return events
}

function decodeEvent(value: Uint8Array | null, offset: number): SchemaRegistryEvent {
  try {
    return JSON.parse(new TextDecoder().decode(value ?? new Uint8Array())) as SchemaRegistryEvent
  } catch (cause) {
    throw new CorruptionError('schema event is not JSON', { file: schemasTopic, offset, cause })
  }
}
