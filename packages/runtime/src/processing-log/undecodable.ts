import type { ProcessingLogEntry } from '../engine/events.ts'

/** Where a record lies. */
interface RecordPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** The entry of a record that could not be decoded and was passed over. */
export function undecodableEntry(
  logger: string,
  queryId: string,
  { topic, partition, offset }: RecordPlace,
  message: string,
  time: number,
): ProcessingLogEntry {
  return {
    level: 'ERROR',
    logger: `processing.${logger}`,
    time,
    queryId,
    type: 'deserializationError',
    message,
    cause: [],
    topic,
    partition,
    offset,
  }
}
