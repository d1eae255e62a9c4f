import { messageOf, SerializationError } from '@varve/base'
import type { ConsumerRecord } from '@varve/kafka'

import type { SkippedRecord } from '../application/options.ts'
import type { StreamRecord } from '../record.ts'
import type { SourceNode } from '../topology/node.ts'

/** What became of a fetched record. */
export type Deserialized =
  | { readonly kind: 'record'; readonly record: StreamRecord<unknown, unknown> }
  | { readonly kind: 'passed-over' }
  | { readonly kind: 'skipped'; readonly skipped: SkippedRecord }

/** Whether the error says that a schema has to be fetched first. */
export function isSchemaNotLoaded(error: unknown): boolean {
  return error instanceof Error && error.name === 'SchemaNotLoadedError'
}

const passedOver: Deserialized = { kind: 'passed-over' }

/**
 * Bytes of a fetched record as key, value and event time.
 *
 * @throws the serde's error where it asks for a schema to be fetched first ({@link isSchemaNotLoaded}).
 */
export function deserializeRecord(source: SourceNode, fetched: ConsumerRecord): Deserialized {
  let key: unknown
  let value: unknown
  let side: 'undecodable-key' | 'undecodable-value' = 'undecodable-value'
  try {
    if (source.decode === undefined) {
      side = 'undecodable-key'
      key = source.keySerde.deserialize(fetched.key)
      side = 'undecodable-value'
      value = source.valueSerde.deserialize(fetched.value)
    } else {
      const decoded = source.decode(fetched)
      if (decoded === undefined) return passedOver
      key = decoded.key
      value = decoded.value
    }
  } catch (error) {
    if (isSchemaNotLoaded(error)) throw error
    return skip(fetched, side, messageOf(error), error)
  }
  let { timestamp } = fetched
  if (source.timestampExtractor !== undefined) {
    try {
      timestamp = source.timestampExtractor(key, value, fetched)
    } catch (error) {
      const message = messageOf(error)
      return skip(fetched, 'invalid-timestamp', message, error)
    }
  }
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
    return skip(fetched, 'invalid-timestamp', `the record's time is ${timestamp}`, undefined)
  }
  return { kind: 'record', record: { key, value, timestamp, headers: fetched.headers } }
}

/** Why a record that cannot be used ends the task instead of being skipped; `undefined` when it does not. */
export function fatalSkip(source: SourceNode, skipped: SkippedRecord): Error | undefined {
  const { reason, message, cause, topic, partition, offset } = skipped
  if (reason === 'invalid-timestamp') {
    if (source.onInvalidTimestamp !== 'fail') return undefined
    return new SerializationError(
      `Fatal user code error in TimestampExtractor callback for record ${topic}-${partition}@${offset}: ${message}`,
      { cause },
    )
  }
  if (source.onDeserializationError !== 'fail') return undefined
  return cause instanceof Error ? cause : new SerializationError(message, { cause })
}

function skip(
  fetched: ConsumerRecord,
  reason: SkippedRecord['reason'],
  message: string,
  cause: unknown,
): Deserialized {
  const { topic, partition, offset, timestamp, key, value } = fetched
  return {
    kind: 'skipped',
    skipped: { topic, partition, offset, timestamp, reason, message, cause, key, value },
  }
}
