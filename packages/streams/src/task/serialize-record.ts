import { messageOf, SerializationError } from '@varve/base'

import type { StreamRecord } from '../record.ts'
import type { SinkNode } from '../topology/node.ts'

/** Key and value of a record as a sink's topic holds them. */
export interface SerializedRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/** @throws SerializationError that names the topic; its cause is what the serde threw */
export function serializeRecord(
  sink: SinkNode,
  record: StreamRecord<unknown, unknown>,
  topic: string,
): SerializedRecord {
  try {
    return {
      key: sink.keySerde.serialize(record.key as never),
      value: sink.valueSerde.serialize(record.value as never),
    }
  } catch (error) {
    const reason = messageOf(error)
    throw new SerializationError(`Unable to serialize record for topic "${topic}": ${reason}`, {
      cause: error,
    })
  }
}
