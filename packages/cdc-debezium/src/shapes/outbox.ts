import { parseLosslessJson } from '@varve/serde'

import type { ChangeRecord, OutboxEvent } from '../change.ts'
import { decodeValue } from '../connect/column-value.ts'
import { fieldSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { asObject, type Raw, type RawRecord } from '../connect/raw.ts'
import { headerText } from '../record/headers.ts'
import { isStruct, type RecordKey } from '../record/key.ts'
import { createStruct, type ColumnValue } from '../values/values.ts'

const TOPIC = 'outbox.event.'

/** Decodes an event of the outbox router: there is no table behind it, every record is appended. */
export function decodeOutbox(record: ChangeRecord, key: RecordKey, value: RawRecord): OutboxEvent {
  const object = asObject(value.value)
  // Columns placed in the value stand beside a member "payload".
  const placed = object?.has('payload') === true ? object : undefined
  const additional = createStruct()
  for (const [name, member] of placed ?? [])
    if (name !== 'payload')
      additional[name] = decodeValue(fieldSchema(value.schema, name), member, name)
  return {
    kind: 'outbox',
    topic: record.topic,
    key: key.value,
    effect: 'append',
    aggregateType:
      record.topic?.startsWith(TOPIC) === true ? record.topic.slice(TOPIC.length) : undefined,
    eventId: headerText(record, 'id'),
    payload:
      placed === undefined
        ? readPayload(value.value, value.schema)
        : readPayload(placed.get('payload')!, fieldSchema(value.schema, 'payload')),
    additional: isStruct(additional) && Object.keys(additional).length > 0 ? additional : undefined,
  }
}

/** The payload column is text that usually holds JSON. */
function readPayload(raw: Raw, schema: ConnectSchema | undefined): ColumnValue {
  if (typeof raw !== 'string' || schema?.type === 'bytes')
    return decodeValue(schema, raw, 'payload')
  try {
    return decodeValue(undefined, parseLosslessJson(raw), 'payload')
  } catch {
    return raw
  }
}
