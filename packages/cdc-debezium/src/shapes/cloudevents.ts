import { UnsupportedError } from '@varve/base'

import type { RowChange, RowOperation } from '../change.ts'
import { fieldSchema, isConnectType, parseConnectSchema } from '../connect/connect-schema.ts'
import {
  asInteger,
  asObject,
  asText,
  type Raw,
  type RawObject,
  type RawRecord,
} from '../connect/raw.ts'
import type { LosslessJson } from '@varve/serde'
import { parseBase64 } from '@varve/serde'

import { ChangeDecodeError } from '../errors.ts'
import { instantOfMs } from '../time-of.ts'
import { Instant } from '../values/values.ts'
import { parseCivilDateTime, splitOffset } from '../values/civil.ts'
import type { ShapeContext } from './context.ts'
import { operationOf } from './flattened.ts'
import { columnsOf, decodeRow, trustedBefore, unavailableColumns } from './row.ts'
import { readSource, readTransaction, transactionKey } from './source.ts'

/** Attributes that carry members of `source`: the member's name without its underscores. `txId` and `txid` differ by case alone. */
const SOURCE_MEMBERS = [
  'version',
  'connector',
  'name',
  'snapshot',
  'db',
  'sequence',
  'schema',
  'table',
  'collection',
  'keyspace',
  'txId',
  'lsn',
  'xmin',
  'server_id',
  'gtid',
  'file',
  'pos',
  'row',
  'thread',
  'change_lsn',
  'commit_lsn',
  'event_serial_no',
  'scn',
  'commit_scn',
  'shard',
  'vgtid',
  'ts_hlc',
] as const
const PREFIX = 'iodebezium'

/** Decodes a structured CloudEvent of Debezium's converter. Without its extension attributes, the operation follows from the rows. */
export function decodeCloudEvent(context: ShapeContext): RowChange {
  const { value, key, record, options } = context
  const data = readData(value.get('data') ?? null, context)
  const rows = asObject(data.value)
  if (rows === undefined)
    throw new ChangeDecodeError('invalid-envelope', 'the data is no object', { path: 'data' })
  const source = new Map<string, Raw>()
  for (const member of SOURCE_MEMBERS) {
    const attribute = value.get(PREFIX + member.replaceAll('_', ''))
    if (attribute !== undefined) source.set(member, attribute)
  }
  const described = source.has('connector') ? readSource(source) : undefined
  if ((described?.connector ?? options.connector) === 'mongodb')
    throw new UnsupportedError('CloudEvents of MongoDB are not supported')
  const letter = asText(value.get(`${PREFIX}op`))
  const stated = operationOf(letter)
  if (letter !== undefined && stated === null)
    throw new ChangeDecodeError('unknown-operation', `unknown operation "${letter.slice(0, 20)}"`, {
      path: `${PREFIX}op`,
    })
  const schema = data.schema
  const beforeSchema = fieldSchema(schema, 'before')
  const afterSchema = fieldSchema(schema, 'after')
  const rowContext = { ...context, value: rows, schema }
  const before = decodeRow(rowContext, beforeSchema, rows.get('before'), 'before')
  const op = stated ?? inferOperation(rows)
  const after = op === 'd' ? null : decodeRow(rowContext, afterSchema, rows.get('after'), 'after')
  const transaction = readTransaction(transactionBlock(value))
  return {
    kind: 'row',
    shape: 'cloudevents',
    topic: record.topic,
    op,
    opInferred: stated === null,
    rowsMayBePartial: false,
    effect: op === 'd' ? 'delete' : 'upsert',
    key: key.value,
    before,
    beforeTrusted: trustedBefore(rowContext, before, true),
    after,
    unavailable: unavailableColumns(after),
    columns: columnsOf(rowContext, afterSchema ?? beforeSchema),
    table: described?.table,
    source: described,
    time: instantOfMs(asInteger(value.get(`${PREFIX}tsms`))) ?? readTime(asText(value.get('time'))),
    processedTime: undefined,
    transaction,
    transactionKey: transactionKey(described?.connector ?? options.connector, transaction?.id),
    keyChange: key.keyChange,
    routingKey: key.routingKey,
    metadata: undefined,
  }
}

function inferOperation(rows: RawObject): RowOperation {
  if ((rows.get('after') ?? null) === null) return 'd'
  return (rows.get('before') ?? null) === null ? 'c' : 'u'
}

/** The data itself, with its schema beside it, or base64 of a framed record. */
function readData(data: Raw, context: ShapeContext): RawRecord {
  if (typeof data === 'string') {
    const bytes = parseBase64(data)
    if (bytes === undefined)
      throw new ChangeDecodeError('invalid-value', 'the data is no base64', { path: 'data' })
    return context.readFramed(bytes)
  }
  const object = asObject(data)
  const schema = object?.get('schema')
  if (object?.has('payload') === true && isConnectType(asObject(schema)?.get('type')))
    return {
      schema: parseConnectSchema(schema as LosslessJson),
      value: object.get('payload')!,
    }
  return { schema: fieldSchema(context.schema, 'data'), value: data }
}

function transactionBlock(value: RawObject): RawObject {
  const block = new Map<string, Raw>()
  for (const [attribute, member] of [
    ['txid', 'id'],
    ['txtotalorder', 'total_order'],
    ['txdatacollectionorder', 'data_collection_order'],
  ] as const) {
    const raw = value.get(PREFIX + attribute)
    if (raw !== undefined) block.set(member, raw)
  }
  return block
}

function readTime(text: string | undefined): Instant | undefined {
  const split = text === undefined ? undefined : splitOffset(text)
  const local = split === undefined ? undefined : parseCivilDateTime(split.local)
  if (split === undefined || local === undefined) return undefined
  return new Instant(
    local - BigInt(split.offsetSeconds) * 1_000_000_000n,
    split.offset,
    split.offsetSeconds,
  )
}
