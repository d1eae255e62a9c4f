import { isVarveError, type Clock } from '@varve/base'
import type { Kafka, Producer } from '@varve/kafka'

import type { ProcessingLogEntry } from '../engine/events.ts'

/** What {@link ProcessingLog} needs. */
export interface ProcessingLogOptions {
  readonly kafka: Kafka
  /** `<service id>ksql_processing_log`. */
  readonly topic: string
  readonly clock: Clock
  readonly replicationFactor?: number
  /** Entries that may wait to be written; what comes on top is dropped and counted. Default 10,000. */
  readonly queueMax?: number
  /** Told of each entry at once, whether or not it is written later. */
  readonly onEntry: (entry: ProcessingLogEntry) => void
  /** The topic could not be written. */
  readonly onFailure: (error: unknown) => void
}

/** Milliseconds between two writes of the topic. */
const flushIntervalMs = 200

/**
 * Where records go that could not be used: a bounded queue in front of a topic, outside of all transactions, so that reporting a bad
 * record never holds up the query that met it.
 */
export class ProcessingLog implements AsyncDisposable {
  readonly #options: ProcessingLogOptions
  readonly #queueMax: number
  #queue: ProcessingLogEntry[] = []
  #dropped = 0
  #producer: Producer | undefined
  #timer: Disposable | undefined
  #flushing: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: ProcessingLogOptions) {
    this.#options = options
    this.#queueMax = options.queueMax ?? 10_000
  }

  /** Entries that found the queue full. */
  get dropped(): number {
    return this.#dropped
  }

  /** Reports an entry. Never throws, never waits. */
  add(entry: ProcessingLogEntry): void {
    this.#options.onEntry(entry)
    if (this.#closed || this.#queue.length >= this.#queueMax) {
      this.#dropped += 1
      return
    }
    this.#queue.push(entry)
    this.#timer ??= this.#options.clock.setTimer(
      () => {
        this.#timer = undefined
        void this.flush()
      },
      flushIntervalMs,
      { unref: true },
    )
  }

  /** Writes what waits. Failures are reported and the entries are counted as dropped. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write())
    return this.#flushing
  }

  async close(): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.flush()
    this.#closed = true
    await this.#producer?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #write(): Promise<void> {
    const entries = this.#queue
    if (entries.length === 0) return
    this.#queue = []
    try {
      const producer = (this.#producer ??= await this.#open())
      const encoder = new TextEncoder()
      for (const entry of entries) {
        const value = encoder.encode(JSON.stringify(toRecord(entry)))
        producer.send({ topic: this.#options.topic, key: null, value, timestamp: entry.time })
      }
      await producer.flush()
    } catch (error) {
      this.#dropped += entries.length
      this.#options.onFailure(error)
    }
  }

  async #open(): Promise<Producer> {
    try {
      await this.#options.kafka.admin.createTopic({
        name: this.#options.topic,
        partitionCount: 1,
        ...(this.#options.replicationFactor === undefined
          ? {}
          : { replicationFactor: this.#options.replicationFactor }),
      })
    } catch (error) {
      if (!isVarveError(error) || error.code !== 'VARVE_ALREADY_EXISTS') throw error
    }
    const producer = this.#options.kafka.producer()
    await producer.init()
    return producer
  }
}

const typeNumbers: Readonly<Record<ProcessingLogEntry['type'], number>> = {
  deserializationError: 0,
  recordProcessingError: 1,
  productionError: 2,
  serializationError: 3,
  kafkaStreamsThreadError: 4,
}

/** The shape of ksqlDB's processing log, with partition and offset added to where the record lies. */
function toRecord(entry: ProcessingLogEntry): unknown {
  return {
    level: entry.level,
    logger: entry.logger,
    time: entry.time,
    message: {
      type: typeNumbers[entry.type],
      [entry.type]: {
        errorMessage: entry.message,
        cause: entry.cause,
        ...(entry.topic === undefined ? {} : { topic: entry.topic }),
        ...(entry.partition === undefined ? {} : { partition: entry.partition }),
        ...(entry.offset === undefined ? {} : { offset: entry.offset }),
      },
    },
  }
}
