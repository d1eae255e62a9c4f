import type { ConsumerRecord } from '@varve/kafka'

import type { SkippedRecord } from '../application/options.ts'
import type { StreamRecord } from '../record.ts'
import type { SourceNode } from '../topology/node.ts'
import { deserializeRecord, isSchemaNotLoaded } from './record-deserializer.ts'

/** Estimated heap bytes of a queued record besides its key and value. */
const recordOverheadBytes = 100

/** What a queue reports to its task. */
export interface RecordQueueListener {
  /** The record is passed over; throws when the source is to fail. */
  onSkipped(source: SourceNode, skipped: SkippedRecord): void
}

/** Fetched records of one input partition, decoded one at a time: only the head has key, value and event time. */
export class RecordQueue {
  readonly source: SourceNode
  /** Topic as the topology names it. */
  readonly topic: string
  readonly partition: number
  /** Topic as the broker names it. */
  readonly brokerTopic: string
  readonly #listener: RecordQueueListener
  #records: ConsumerRecord[] = []
  #next = 0
  #bytes = 0
  #head: StreamRecord<unknown, unknown> | undefined
  #preparing: Promise<void> | undefined
  /** Position after all records taken or passed over. */
  position: number
  /** Position after all records fetched. */
  fetchPosition: number

  constructor(
    source: SourceNode,
    topic: string,
    brokerTopic: string,
    partition: number,
    position: number,
    listener: RecordQueueListener,
  ) {
    this.source = source
    this.topic = topic
    this.brokerTopic = brokerTopic
    this.partition = partition
    this.position = position
    this.fetchPosition = position
    this.#listener = listener
  }

  get size(): number {
    return this.#records.length - this.#next
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Pending fetch of a schema that the head needs. */
  get preparing(): Promise<void> | undefined {
    return this.#preparing
  }

  add(records: readonly ConsumerRecord[], nextOffset: number): void {
    for (const record of records) {
      this.#records.push(record)
      this.#bytes += sizeOf(record)
    }
    this.fetchPosition = nextOffset
    if (this.size === 0 && this.#head === undefined) this.position = nextOffset
  }

  /** Event time of the first usable record; passes over those that are not. `undefined` when there is none. */
  headTimestamp(): number | undefined {
    if (this.#head !== undefined) return this.#head.timestamp
    if (this.#preparing !== undefined) return undefined
    while (this.#next < this.#records.length) {
      const fetched = this.#records[this.#next]!
      let decoded
      try {
        decoded = deserializeRecord(this.source, fetched)
      } catch (error) {
        if (!isSchemaNotLoaded(error)) throw error
        this.#prepare(fetched)
        return undefined
      }
      if (decoded.kind === 'record') {
        this.#head = decoded.record
        return decoded.record.timestamp
      }
      if (decoded.kind === 'skipped') this.#listener.onSkipped(this.source, decoded.skipped)
      this.#advance(fetched)
    }
    return undefined
  }

  /** Takes the head. */
  take(): { readonly record: StreamRecord<unknown, unknown>; readonly offset: number } {
    const record = this.#head!
    const fetched = this.#records[this.#next]!
    this.#head = undefined
    this.#advance(fetched)
    return { record, offset: fetched.offset }
  }

  #advance(fetched: ConsumerRecord): void {
    this.#bytes -= sizeOf(fetched)
    this.#next++
    this.position = fetched.offset + 1
    if (this.#next === this.#records.length) {
      this.#records = []
      this.#next = 0
      this.position = this.fetchPosition
    } else if (this.#next >= 1024) {
      this.#records = this.#records.slice(this.#next)
      this.#next = 0
    }
  }

  #prepare(fetched: ConsumerRecord): void {
    const wanted: Promise<void>[] = []
    if (fetched.key !== null && this.source.keySerde.prepare !== undefined) {
      wanted.push(this.source.keySerde.prepare(fetched.key))
    }
    if (fetched.value !== null && this.source.valueSerde.prepare !== undefined) {
      wanted.push(this.source.valueSerde.prepare(fetched.value))
    }
    this.#preparing = Promise.all(wanted).then(() => {
      this.#preparing = undefined
    })
    this.#preparing.catch(() => {})
  }
}

function sizeOf(record: ConsumerRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0) + recordOverheadBytes
}
