import { asObject, asText } from '../connect/raw.ts'
import { isStruct } from '../record/key.ts'
import type { ShapeContext } from './context.ts'
import { isFlattened } from './flattened.ts'

/** Shapes of a value that is an object. */
export type Shape =
  | 'envelope'
  | 'flattened'
  | 'heartbeat'
  | 'transaction'
  | 'schema-change'
  | 'notification'
  | 'cloudevents'
  | 'schema-history'
  | 'plain'

/** Names by their ends: prefixes differ, and adjustment may have changed them. */
const BY_NAME: readonly (readonly [string, Shape])[] = [
  ['.Envelope', 'envelope'],
  ['.MessageValue', 'envelope'],
  ['.Heartbeat', 'heartbeat'],
  ['TransactionMetadataValue', 'transaction'],
  ['.SchemaChangeValue', 'schema-change'],
  ['common.Notification', 'notification'],
]

/** Tells what an object is: by its schema's name where there is one, else by its members. */
export function recogniseShape(context: ShapeContext): Shape {
  const name = context.schema?.name
  if (name !== undefined) for (const [end, shape] of BY_NAME) if (name.endsWith(end)) return shape
  return recogniseMembers(context)
}

function recogniseMembers(context: ShapeContext): Shape {
  const { value } = context
  const has = (member: string): boolean => value.has(member)
  const source = value.get('source')
  if (has('specversion') && has('id') && has('type') && typeof source === 'string')
    return 'cloudevents'
  const block = asObject(source)
  const op = value.get('op')
  if (typeof op === 'string' && (block !== undefined || has('before') || has('after')))
    return 'envelope'
  const status = value.get('status')
  if (
    (status === 'BEGIN' || status === 'END') &&
    has('id') &&
    (has('event_count') || has('data_collections'))
  )
    return 'transaction'
  if (has('tableChanges') && (has('databaseName') || has('ddl'))) {
    return block?.has('server') === true && has('position') ? 'schema-history' : 'schema-change'
  }
  if (isHeartbeat(context)) return 'heartbeat'
  if (has('aggregate_type') && has('type') && has('id') && has('additional_data'))
    return 'notification'
  return isFlattened(context) ? 'flattened' : 'plain'
}

function isHeartbeat({ value, key, record }: ShapeContext): boolean {
  const members = value.has('vgtid') ? 2 : 1
  if (!value.has('ts_ms') || value.size !== members) return false
  return (
    record.topic?.startsWith('__debezium-heartbeat') === true ||
    (isStruct(key.value) && asText(key.value['serverName'] as string) !== undefined)
  )
}
