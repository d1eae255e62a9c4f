import { isVarveError } from '@varve/base'
import type { Kafka, Producer } from '@varve/kafka'
import type { PlanNode } from '@varve/sql'
import type { SkippedRecord } from '@varve/streams'

/** Records that may wait to be written; what comes on top is reported as lost. */
const maxWaiting = 10_000
const maxWaitingBytes = 64 * 1024 * 1024

/** What {@link DeadLetters} needs. */
export interface DeadLettersOptions {
  readonly kafka: Kafka
  readonly queryId: string
  /** Topic for undecodable records, by the topic they come from. */
  readonly topics: ReadonlyMap<string, string>
  readonly replicationFactor?: number
  /** A record could not be written. */
  readonly onFailure: (record: SkippedRecord, error: unknown) => void
}

/**
 * Writes records that could not be read to the topics named for them: key, value and time as they were, and where they come from in headers, under the
 * names Kafka Connect gives them.
 */
export class DeadLetters {
  readonly #options: DeadLettersOptions
  #waiting: { readonly topic: string; readonly record: SkippedRecord }[] = []
  #bytes = 0
  #producer: Producer | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: DeadLettersOptions) {
    this.#options = options
  }

  /** Takes a record, if a topic is named for such. Never throws, never waits. */
  add(record: SkippedRecord): void {
    const topic = this.#options.topics.get(record.topic)
    if (topic === undefined) return
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
    if (this.#waiting.length >= maxWaiting || this.#bytes + bytes > maxWaitingBytes) {
      this.#options.onFailure(record, new Error('too many records wait for the dead-letter topic'))
      return
    }
    this.#bytes += bytes
    this.#waiting.push({ topic, record })
    if (this.#waiting.length === 1) this.#writing = this.#writing.then(() => this.#write())
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#producer?.close()
  }

  async #write(): Promise<void> {
    const letters = this.#waiting
    this.#waiting = []
    this.#bytes = 0
    try {
      const producer = (this.#producer ??= await this.#open())
      for (const { topic, record } of letters)
        producer.send({
          topic,
          key: record.key,
          value: record.value,
          timestamp: record.timestamp,
          headers: this.#provenance(record),
        })
      await producer.flush()
    } catch (error) {
      for (const { record } of letters) this.#options.onFailure(record, error)
    }
  }

  #provenance(record: SkippedRecord): { key: string; value: Uint8Array }[] {
    const side = record.reason === 'undecodable-key' ? 'KEY_CONVERTER' : 'VALUE_CONVERTER'
    const headers: readonly (readonly [string, string])[] = [
      ['__connect.errors.topic', record.topic],
      ['__connect.errors.partition', String(record.partition)],
      ['__connect.errors.offset', String(record.offset)],
      ['__connect.errors.connector.name', this.#options.queryId],
      ['__connect.errors.stage', side],
      ['__connect.errors.exception.message', record.message],
    ]
    return headers.map(([key, text]) => ({ key, value: new TextEncoder().encode(text) }))
  }

  async #open(): Promise<Producer> {
    const { kafka, replicationFactor } = this.#options
    for (const name of new Set(this.#options.topics.values())) {
      try {
        await kafka.admin.createTopic({
          name,
          partitionCount: 1,
          ...(replicationFactor === undefined ? {} : { replicationFactor }),
        })
      } catch (error) {
        if (!isVarveError(error) || error.code !== 'VARVE_ALREADY_EXISTS') throw error
      }
    }
    const producer = kafka.producer()
    await producer.init()
    return producer
  }
}

/** The dead-letter topics that the sources of a plan name. */
export function deadLetterTopics(root: PlanNode): ReadonlyMap<string, string> {
  const topics = new Map<string, string>()
  const visit = (node: PlanNode): void => {
    if (node.kind === 'streamSource' || node.kind === 'tableSource') {
      const { deadLetterTopic } = node.valueFormat
      if (deadLetterTopic !== undefined) topics.set(node.topic, deadLetterTopic)
      return
    }
    if ('source' in node) visit(node.source)
    if ('left' in node) {
      visit(node.left)
      visit(node.right)
    }
  }
  visit(root)
  return topics
}
