import type { Change } from '../change.ts'
import {
  connectSchema,
  fieldSchema,
  isConnectType,
  parseConnectSchema,
} from '../connect/connect-schema.ts'
import { asObject, asText, type Raw, type RawObject, type RawRecord } from '../connect/raw.ts'
import { connectors } from '../connectors/connectors.ts'
import type { LosslessJson } from '@varve/serde'
import { parseBase64 } from '@varve/serde'

import { ChangeDecodeError } from '../errors.ts'
import { headerText } from '../record/headers.ts'
import { timeOf } from '../time-of.ts'
import { Instant } from '../values/values.ts'
import { parseCivilDateTime, splitOffset } from '../values/civil.ts'
import { SOURCE_MEMBERS } from './cloudevents-attributes.ts'
import type { ShapeContext } from './context.ts'
import { operationOf } from './flattened.ts'
import { inferOperation } from './infer-operation.ts'
import { decodeMongodb } from './mongodb.ts'
import { columnsOf, decodeRow, trustedBefore, unavailableColumns } from './row.ts'
import { readSource, readTransaction, transactionKey } from './source.ts'

const PREFIX = 'iodebezium'
const HEADER_PREFIX = 'ce_'
/** Attributes of the event itself. All others carry members of `source`. */
const OWN = new Set(['op', 'txid', 'txtotalorder', 'txdatacollectionorder'])

/**
 * Decodes a CloudEvent of Debezium's converter, structured or with its attributes in headers. Without its extension attributes, the operation
 * follows from the rows.
 */
export function decodeCloudEvent(context: ShapeContext): Change {
  if (!context.value.has('specversion')) return decodeCloudEvent(structured(context))
  const { value, key, record, options } = context
  const data = readData(value.get('data') ?? null, context)
  const rows = asObject(data.value)
  const block = sourceOf(value)
  const described = block.has('connector') ? readSource(block) : undefined
  const connector =
    described?.connector ?? connectorOf(asText(value.get('type'))) ?? options.connector
  const transaction = readTransaction(transactionBlock(value))
  const times = {
    time: timeOf(block) ?? readTime(asText(value.get('time'))),
    processedTime: undefined,
  }
  const group = { transaction, transactionKey: transactionKey(connector, transaction?.id) }
  const letter = asText(value.get(`${PREFIX}op`))?.toLowerCase()
  if (letter === 't')
    return {
      kind: 'truncate',
      op: 't',
      effect: 'truncate',
      topic: record.topic,
      key: key.value,
      source: described,
      ...times,
      ...group,
    }
  if (rows === undefined)
    throw new ChangeDecodeError('invalid-envelope', 'the data is no object', { path: 'data' })
  const stated = operationOf(letter)
  if (letter !== undefined && stated === null)
    throw new ChangeDecodeError('unknown-operation', `unknown operation "${letter.slice(0, 20)}"`, {
      path: `${PREFIX}op`,
    })
  const rowContext = { ...context, value: rows, schema: data.schema }
  if (connector === 'mongodb') {
    const event = stated === null ? rows : new Map([...rows, ['op', stated]])
    const change = decodeMongodb({ ...rowContext, value: event }, described)
    return { ...change, ...times, ...group, shape: 'cloudevents' }
  }
  const beforeSchema = fieldSchema(data.schema, 'before')
  const afterSchema = fieldSchema(data.schema, 'after')
  const before = decodeRow(rowContext, beforeSchema, rows.get('before'), 'before')
  const op = stated ?? inferOperation(rows)
  const after = op === 'd' ? null : decodeRow(rowContext, afterSchema, rows.get('after'), 'after')
  const mayBePartial = connectors.get(connector ?? '')?.beforeMayBePartial ?? true
  return {
    kind: 'row',
    shape: 'cloudevents',
    topic: record.topic,
    op,
    opInferred: stated === null,
    nullsMayBeZero: context.nullsMayBeZero,
    rowsMayBePartial: connectors.get(connector ?? '')?.rowsMayBePartial === true,
    effect: op === 'd' ? 'delete' : 'upsert',
    key: key.value,
    before,
    beforeTrusted: trustedBefore(rowContext, before, mayBePartial),
    after,
    unavailable: unavailableColumns(after),
    columns: columnsOf(rowContext, afterSchema ?? beforeSchema),
    table: described?.table,
    source: described,
    ...times,
    ...group,
    keyChange: key.keyChange,
    routingKey: key.routingKey,
    metadata: undefined,
  }
}

/** Binary mode, as proxies write it: attributes in headers, and the data alone as the value. */
function structured(context: ShapeContext): ShapeContext {
  const value = new Map<string, Raw>()
  for (const { key } of context.record.headers ?? []) {
    const text = key.startsWith(HEADER_PREFIX) ? headerText(context.record, key) : undefined
    if (text !== undefined) value.set(key.slice(HEADER_PREFIX.length), text)
  }
  value.set('data', context.value).set('specversion', value.get('specversion') ?? '1.0')
  const fields = [{ name: 'data', schema: context.schema }]
  return { ...context, value, schema: connectSchema('struct', { fields }) }
}

/** The connector that an event's type names, `io.debezium.connector.<connector>.DataChangeEvent`. */
function connectorOf(type: string | undefined): string | undefined {
  return /^io\.debezium\.connector\.(\w+)\./.exec(type ?? '')?.[1]
}

/** The block that the extension attributes were made of: their names are those of its members without underscores. */
function sourceOf(value: RawObject): RawObject {
  const source = new Map<string, Raw>()
  for (const [name, attribute] of value) {
    if (!name.startsWith(PREFIX)) continue
    const member = name.slice(PREFIX.length)
    if (!OWN.has(member)) source.set(SOURCE_MEMBERS.get(member) ?? member, attribute)
  }
  return source
}

/** The data itself, with its schema beside it, or base64 of a framed record. */
function readData(data: Raw, context: ShapeContext): RawRecord {
  if (data instanceof Uint8Array) return context.readFramed(data)
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
