import type { Consumer, Producer } from '@varve/kafka'

import { RecordCollector } from '../task/record-collector.ts'
import { topicName } from './internal-topics.ts'
import type { WorkerEnvironment } from './worker-environment.ts'

/** A worker's way to the broker. The consumer lives as long as the worker, the producer as long as its transactions succeed. */
export class WorkerClients {
  readonly #environment: WorkerEnvironment
  #consumer: Consumer | undefined
  #producer: Producer | undefined
  #collector: RecordCollector | undefined

  constructor(environment: WorkerEnvironment) {
    this.#environment = environment
  }

  get consumer(): Consumer | undefined {
    return this.#consumer
  }

  /** Of {@link open}. */
  get producer(): Producer {
    return this.#producer!
  }

  /** Of {@link open}. */
  get collector(): RecordCollector {
    return this.#collector!
  }

  /** Makes what is not there yet; under exactly once that fences whoever wrote before and begins a transaction. */
  async open(): Promise<Consumer> {
    const { options, exactlyOnce, transactionalId, partitions } = this.#environment
    const { kafka, applicationId, topology } = options
    this.#consumer ??= kafka.consumer({
      isolationLevel: 'read_committed',
      onOutOfRange: options.onOutOfRange ?? 'fail',
    })
    if (this.#producer !== undefined) return this.#consumer
    this.#producer = kafka.producer({
      ...(exactlyOnce ? { transactionalId } : {}),
      transactionTimeoutMs: options.transactionTimeoutMs ?? 10_000,
    })
    await this.#producer.init()
    if (exactlyOnce) this.#producer.beginTransaction()
    this.#collector = new RecordCollector(
      this.#producer,
      (sink) => (sink.internal ? topicName(topology, applicationId, sink.topic) : sink.topic),
      (topic) => partitions.byTopic.get(topic) ?? 1,
    )
    return this.#consumer
  }

  /** Drops the producer with its transaction. */
  async abandonTransaction(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    if (producer === undefined) return
    if (this.#environment.exactlyOnce) await producer.abortTransaction().catch(() => {})
    await producer.close().catch(() => {})
  }

  async close(): Promise<void> {
    await this.#consumer?.close()
    await this.#producer?.close()
  }
}
