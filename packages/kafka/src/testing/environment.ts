import type { Transport } from '@varve/kafka-protocol'

import type { FetchedRecords, Kafka, ProducerRecord, TopicPartition } from '../client.ts'
import { createKafka } from '../create-kafka.ts'
import { FaultInjectionTransport } from './fault-injection-transport.ts'

/** A cluster that the contract is checked on. */
export interface KafkaEnvironment extends AsyncDisposable {
  /** Another way to the same cluster, with connections of its own; closed by who asked for it. */
  connect(): Promise<Transport>
  /** Shortest session time-out that the cluster allows a group member. Default 1,000; for tests that wait for its end. */
  readonly sessionTimeoutMsMin?: number
  /** How long a timed-out transaction may stay open after its time. Default 2,000. */
  readonly transactionAbortDelayMsMax?: number
}

let names = 0

/** What a contract test works with: the cluster, clients that are closed after the test, and names that nothing else uses. */
export class ContractContext {
  readonly environment: KafkaEnvironment
  readonly #toClose: AsyncDisposable[] = []

  constructor(environment: KafkaEnvironment) {
    this.environment = environment
  }

  get sessionTimeoutMs(): number {
    return this.environment.sessionTimeoutMsMin ?? 1000
  }

  /** A name that no other test and no other run uses. */
  name(prefix: string): string {
    return `${prefix}-${process.pid}-${Date.now().toString(36)}-${names++}`
  }

  /** A client of its own, as another process would have. */
  async client(options: { readonly requestDeadlineMs?: number } = {}): Promise<TestClient> {
    const inner = await this.environment.connect()
    const transport = new FaultInjectionTransport(inner)
    const kafka = createKafka({ transport, requestDeadlineMs: options.requestDeadlineMs ?? 60_000 })
    this.#toClose.push(inner, kafka)
    return { kafka, transport }
  }

  /** A new topic. */
  async topic(
    kafka: Kafka,
    partitionCount = 1,
    configs: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const name = this.name('topic')
    await kafka.admin.createTopic({ name, partitionCount, configs })
    return name
  }

  async close(): Promise<void> {
    for (const resource of this.#toClose.toReversed()) await resource[Symbol.asyncDispose]()
  }
}

/** A client and the transport whose faults it feels. */
export interface TestClient {
  readonly kafka: Kafka
  readonly transport: FaultInjectionTransport
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function text(data: Uint8Array | null): string | null {
  return data === null ? null : new TextDecoder().decode(data)
}

/** Sends values (with no key) to partition 0 and waits for them. */
export async function produce(
  kafka: Kafka,
  topic: string,
  values: readonly string[],
  more: Partial<ProducerRecord> = {},
): Promise<void> {
  await using producer = kafka.producer()
  for (const value of values) {
    producer.send({ topic, partition: 0, key: null, value: bytes(value), ...more })
  }
  await producer.flush()
}

/** Reads one partition until its position reaches `end` (default: what the log holds now). */
export async function readAll(
  kafka: Kafka,
  partition: TopicPartition,
  options: {
    readonly from?: number
    readonly end?: number
    readonly isolation?: 'read_committed' | 'read_uncommitted'
  } = {},
): Promise<FetchedRecords['records'][number][]> {
  const isolationLevel = options.isolation ?? 'read_committed'
  const end = options.end ?? (await kafka.admin.endOffsets([partition], isolationLevel))[0]!.offset
  await using consumer = kafka.consumer({ isolationLevel })
  consumer.assign([{ ...partition, offset: options.from ?? 0 }])
  const records = []
  const deadline = Date.now() + 60_000
  while (consumer.position(partition)! < end) {
    if (Date.now() > deadline) {
      throw new Error(`position ${consumer.position(partition)} of ${end} after 60 s`)
    }
    for (const fetched of await consumer.poll({ timeoutMs: 200 })) records.push(...fetched.records)
  }
  return records
}

/** Values of {@link readAll}. */
export async function readValues(
  kafka: Kafka,
  partition: TopicPartition,
  options: Parameters<typeof readAll>[2] = {},
): Promise<(string | null)[]> {
  return (await readAll(kafka, partition, options)).map((record) => text(record.value))
}

/** {@link readValues}, once every transaction of the partition that was ended has its marker there: that may come after the answer. */
export async function readStableValues(
  kafka: Kafka,
  partition: TopicPartition,
): Promise<(string | null)[]> {
  await eventually('no transaction is open', async () => {
    const [end] = await kafka.admin.endOffsets([partition], 'read_uncommitted')
    const [stable] = await kafka.admin.endOffsets([partition], 'read_committed')
    return end!.offset === stable!.offset
  })
  return readValues(kafka, partition)
}

/** Waits until `condition` holds, looking every 20 ms. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
