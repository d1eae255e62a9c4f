import type {
  Change,
  ChangeSource,
  LogicalMessage,
  RowChange,
  RowOperation,
  TruncateChange,
} from '../change.ts'
import { decodeBytes } from '../column-hint.ts'
import { fieldSchema } from '../connect/connect-schema.ts'
import { asObject, asText } from '../connect/raw.ts'
import { connectors } from '../connectors/connectors.ts'
import { ChangeDecodeError } from '../errors.ts'
import { timeOf } from '../time-of.ts'
import { decodeCassandra } from './cassandra.ts'
import type { ShapeContext } from './context.ts'
import { decodeMongodb } from './mongodb.ts'
import { columnsOf, decodeRow, trustedBefore, unavailableColumns } from './row.ts'
import { inferOperation } from './infer-operation.ts'
import { readSourceSchema } from './schema-change.ts'
import { readSource, readTransaction, transactionKey } from './source.ts'

const OPERATIONS: { readonly [op: string]: RowOperation | 't' | 'm' } = {
  c: 'c',
  r: 'r',
  u: 'u',
  d: 'd',
  t: 't',
  m: 'm',
}

/** Decodes an event in Debezium's envelope: rows, truncates, logical messages. */
export function decodeEnvelope(context: ShapeContext): Change {
  const { value, key, record } = context
  const block = asObject(value.get('source'))
  const source =
    block === undefined ? undefined : readSource(block, fieldSchema(context.schema, 'source'))
  const connector = source?.connector || context.options.connector
  if (connector === 'mongodb') return decodeMongodb(context, source)
  if (connector === 'cassandra') return decodeCassandra(context, source)
  const stated = asText(value.get('op'))
  const letter = stated?.toLowerCase() ?? inferOperation(value)
  const op = Object.hasOwn(OPERATIONS, letter) ? OPERATIONS[letter] : undefined
  if (op === undefined)
    throw new ChangeDecodeError('unknown-operation', `unknown operation "${letter.slice(0, 20)}"`, {
      path: 'op',
    })
  if (op === 't' || op === 'm') return decodeRowless(context, op, source)
  const beforeSchema = fieldSchema(context.schema, 'before')
  const afterSchema = fieldSchema(context.schema, 'after')
  const before = decodeRow(context, beforeSchema, value.get('before'), 'before')
  const after = op === 'd' ? null : decodeRow(context, afterSchema, value.get('after'), 'after')
  const transaction = readTransaction(
    value.get('transaction'),
    fieldSchema(context.schema, 'transaction'),
  )
  const sourceSchema = value.has('sourceSchema')
    ? readSourceSchema(value.get('sourceSchema'))
    : undefined
  const traits = connectors.get(connector ?? '')
  const change: RowChange = {
    topic: record.topic,
    source,
    time: timeOf(block),
    processedTime: timeOf(value),
    transaction,
    transactionKey: transactionKey(connector, transaction?.id),
    kind: 'row',
    shape: 'envelope',
    op,
    opInferred: stated === undefined,
    nullsMayBeZero: context.nullsMayBeZero,
    rowsMayBePartial: traits?.rowsMayBePartial === true,
    table: source?.table,
    effect: op === 'd' ? 'delete' : 'upsert',
    key: key.value,
    before,
    beforeTrusted: trustedBefore(context, before, traits?.beforeMayBePartial ?? true),
    after,
    unavailable: unavailableColumns(after),
    columns: columnsOf(context, afterSchema ?? beforeSchema),
    keyChange: key.keyChange,
    routingKey: key.routingKey,
    metadata: undefined,
  }
  return sourceSchema === undefined ? change : { ...change, sourceSchema }
}

/** Truncates and logical messages. */
function decodeRowless(
  context: ShapeContext,
  op: 't' | 'm',
  source: ChangeSource | undefined,
): TruncateChange | LogicalMessage {
  const { value, key, record } = context
  const transaction = readTransaction(value.get('transaction'))
  const common: Omit<TruncateChange, 'kind' | 'op' | 'effect'> = {
    topic: record.topic,
    source,
    time: timeOf(asObject(value.get('source'))),
    processedTime: timeOf(value),
    transaction,
    transactionKey: transactionKey(source?.connector ?? context.options.connector, transaction?.id),
    key: key.value,
  }
  return op === 't'
    ? { ...common, kind: 'truncate', op, effect: 'truncate' }
    : { ...common, kind: 'message', op, effect: 'none', ...readMessage(context) }
}

function readMessage(context: ShapeContext): { prefix: string; content: Uint8Array | null } {
  const message = asObject(context.value.get('message'))
  if (message === undefined)
    throw new ChangeDecodeError('invalid-envelope', 'the message is no object', { path: 'message' })
  const content = message.get('content')
  const type = fieldSchema(fieldSchema(context.schema, 'message'), 'content')?.type
  // What the schema calls bytes is base64 in JSON; text is in the mode that the connector was given.
  const encoding = type === 'bytes' ? 'base64' : context.options.messageContentEncoding
  const bytes = typeof content === 'string' ? decodeBytes(content, encoding ?? 'base64') : content
  if (bytes === null || bytes === undefined || bytes instanceof Uint8Array)
    if (bytes !== undefined || content === undefined)
      return { prefix: asText(message.get('prefix')) ?? '', content: bytes ?? null }
  throw new ChangeDecodeError('invalid-value', 'the content is not in the encoding expected', {
    path: 'message.content',
  })
}
