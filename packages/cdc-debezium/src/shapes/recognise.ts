import { asObject, asText, type RawObject } from '../connect/raw.ts'
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
  if (name !== undefined && name.endsWith('.Value')) return 'flattened'
  // The name of a CloudEvent's schema ends like that of an envelope.
  if (isCloudEvent(context)) return 'cloudevents'
  if (name !== undefined) for (const [end, shape] of BY_NAME) if (name.endsWith(end)) return shape
  return recogniseMembers(context)
}

function recogniseMembers(context: ShapeContext): Shape {
  const { value } = context
  const has = (member: string): boolean => value.has(member)
  const block = asObject(value.get('source'))
  const rows = has('before') || has('after')
  const op = value.get('op')
  if (typeof op === 'string' && (block !== undefined || rows)) return 'envelope'
  // A transformation took the operation away.
  if (block !== undefined && rows && isSource(block)) return 'envelope'
  const status = value.get('status')
  if (
    (status === 'BEGIN' || status === 'END') &&
    has('id') &&
    (has('event_count') || has('data_collections'))
  )
    return 'transaction'
  if (block?.has('server') === true && has('position')) return 'schema-history'
  // Before 1.3 the statement was all.
  if (block !== undefined && (has('databaseName') || has('ddl')))
    if (has('tableChanges') || (has('databaseName') && has('ddl'))) return 'schema-change'
  if (isHeartbeat(context)) return 'heartbeat'
  if (has('aggregate_type') && has('type') && has('id'))
    if (has('additional_data') || has('timestamp')) return 'notification'
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

/** Structured, or with its attributes in headers. */
function isCloudEvent({ value, record }: ShapeContext): boolean {
  if (value.has('specversion'))
    return value.has('id') && value.has('type') && typeof value.get('source') === 'string'
  const { headers } = record
  return headers !== undefined && headers.some(({ key }) => key === 'ce_specversion')
}

/** Whether a struct is the block of that name, and no column. */
function isSource(block: RawObject): boolean {
  return block.has('connector') && block.has('name')
}
