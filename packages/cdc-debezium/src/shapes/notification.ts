import type { Notification } from '../change.ts'
import { asInteger, asObject, asText } from '../connect/raw.ts'
import { instantOfMs } from '../time-of.ts'
import type { ShapeContext } from './context.ts'

/** Decodes a notification about a snapshot. */
export function decodeNotification(context: ShapeContext): Notification {
  const { value, record, key } = context
  const additionalData = new Map<string, string>()
  for (const [name, member] of asObject(value.get('additional_data')) ?? []) {
    const text = asText(member)
    if (text !== undefined) additionalData.set(name, text)
  }
  return {
    kind: 'notification',
    topic: record.topic,
    key: key.value,
    effect: 'none',
    id: asText(value.get('id')) ?? '',
    type: asText(value.get('type')) ?? '',
    aggregateType: asText(value.get('aggregate_type')) ?? '',
    additionalData,
    time: instantOfMs(asInteger(value.get('timestamp'))),
  }
}
