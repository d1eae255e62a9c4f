import type { Notification } from '../change.ts'
import { rawEntries } from '../connect/connect-data.ts'
import { asInteger, asText } from '../connect/raw.ts'
import { instantOfMs } from '../time-of.ts'
import type { ShapeContext } from './context.ts'

/** Decodes a notification about a snapshot. */
export function decodeNotification(context: ShapeContext): Notification {
  const { value, record, key } = context
  const additionalData = new Map<string, string>()
  const data = value.get('additional_data') ?? null
  for (const entry of data === null ? [] : rawEntries(data, 'additional_data')) {
    const [name, text] = [asText(entry.key), asText(entry.value)]
    if (name !== undefined && text !== undefined) additionalData.set(name, text)
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
