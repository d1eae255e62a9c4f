import type { RecordHeader } from '@varve/kafka'

import { noHeaders, type RecordContext, type StreamRecord } from '../record.ts'

/** A copy of a {@link RecordContext} whose owner may overwrite it. */
export interface CapturedContext {
  topic: string
  partition: number
  offset: number
  timestamp: number
  headers: readonly RecordHeader[]
}

/** The record at hand of one task: one object for all its operators, overwritten from record to record. */
export class TaskContext implements RecordContext {
  topic = ''
  partition = -1
  offset = -1
  timestamp = -1
  headers: readonly RecordHeader[] = noHeaders

  /** This context with time and headers of `record`. Borrowed until the next call. */
  at(record: StreamRecord<unknown, unknown>): RecordContext {
    this.timestamp = record.timestamp
    this.headers = record.headers
    return this
  }

  /** A copy, in `into` when given. */
  capture(into?: CapturedContext): CapturedContext {
    const { topic, partition, offset, timestamp, headers } = this
    if (into === undefined) return { topic, partition, offset, timestamp, headers }
    into.topic = topic
    into.partition = partition
    into.offset = offset
    into.timestamp = timestamp
    into.headers = headers
    return into
  }

  restore(context: RecordContext): void {
    this.topic = context.topic
    this.partition = context.partition
    this.offset = context.offset
    this.timestamp = context.timestamp
    this.headers = context.headers
  }
}
