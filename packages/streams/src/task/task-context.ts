import type { RecordHeader } from '@varve/kafka'

import { noHeaders, type RecordContext, type StreamRecord } from '../record.ts'

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

  capture(): RecordContext {
    const { topic, partition, offset, timestamp, headers } = this
    return { topic, partition, offset, timestamp, headers }
  }

  restore(context: RecordContext): void {
    this.topic = context.topic
    this.partition = context.partition
    this.offset = context.offset
    this.timestamp = context.timestamp
    this.headers = context.headers
  }
}
