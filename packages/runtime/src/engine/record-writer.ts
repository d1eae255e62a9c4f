import type { Kafka, Producer, RecordMetadata } from '@varve/kafka'
import type { Row, RowSerde } from '@varve/serde'
import type { DataSource } from '@varve/sql'

import { PositionTracker } from './position.ts'

/** A record to write, decoded. */
export interface RowRecord {
  readonly key: Row | null
  readonly value: Row | null
  /** Milliseconds since the epoch. */
  readonly timestamp: number
}

/** Serdes of both sides of a source's topic. */
export interface SourceSerdes {
  readonly key: RowSerde
  readonly value: RowSerde
}

/** Writes rows to the topics of sources through one idempotent producer and remembers how far it got. */
export class RecordWriter implements AsyncDisposable {
  readonly #kafka: Kafka
  readonly #tracker = new PositionTracker()
  #producer: Promise<Producer> | undefined

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  /** The place after everything acknowledged so far. */
  get tracker(): PositionTracker {
    return this.#tracker
  }

  /** Resolves once the record is acknowledged. */
  async write(
    source: DataSource,
    serdes: SourceSerdes,
    record: RowRecord,
  ): Promise<RecordMetadata> {
    const producer = await this.#open()
    const key = serdes.key.serialize(record.key)
    const value = serdes.value.serialize(record.value)
    await producer.ready()
    return new Promise((resolve, reject) => {
      producer.send(
        { topic: source.topic, key, value, timestamp: record.timestamp },
        (metadata, error) => {
          if (metadata === undefined) {
            reject(error)
            return
          }
          this.#tracker.add(metadata)
          resolve(metadata)
        },
      )
    })
  }

  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => undefined)
    await producer?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #open(): Promise<Producer> {
    this.#producer ??= (async () => {
      const producer = this.#kafka.producer({ lingerMs: 0 })
      await producer.init()
      return producer
    })()
    // A failed start is not kept: the next write tries again.
    this.#producer.catch(() => (this.#producer = undefined))
    return this.#producer
  }
}
