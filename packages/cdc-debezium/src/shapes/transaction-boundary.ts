import type { TransactionBoundary } from '../change.ts'
import { asInteger, asList, asObject, asText } from '../connect/raw.ts'
import { timeOf } from '../time-of.ts'
import type { ShapeContext } from './context.ts'
import { transactionKey } from './source.ts'

/** Decodes BEGIN or END of a transaction. */
export function decodeTransactionBoundary(context: ShapeContext): TransactionBoundary {
  const { value, record, key, options } = context
  const id = asText(value.get('id')) ?? ''
  return {
    kind: 'transaction',
    topic: record.topic,
    key: key.value,
    effect: 'none',
    status: value.get('status') === 'BEGIN' ? 'BEGIN' : 'END',
    id,
    transactionKey: transactionKey(options.connector, id) ?? id,
    eventCount: asInteger(value.get('event_count')),
    dataCollections: (asList(value.get('data_collections')) ?? []).map((item) => {
      const collection = asObject(item)
      return {
        name: asText(collection?.get('data_collection')) ?? '',
        eventCount: asInteger(collection?.get('event_count')) ?? 0n,
      }
    }),
    time: timeOf(value),
  }
}
