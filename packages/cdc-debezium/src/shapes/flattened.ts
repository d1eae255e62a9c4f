import type { RowChange, RowOperation, TableName } from '../change.ts'
import { decodeValue } from '../connect/column-value.ts'
import { fieldSchema } from '../connect/connect-schema.ts'
import { asInteger, asName, asText, type Raw, type RawObject } from '../connect/raw.ts'
import { headerText } from '../record/headers.ts'
import { instantOfMs } from '../time-of.ts'
import { createStruct, type StructValue } from '../values/values.ts'
import type { ShapeContext } from './context.ts'
import { columnsOf, decodeRow, trustedBefore, unavailableColumns } from './row.ts'

const PREFIX = '__'
const MARKS = ['__deleted', '__op', '__table', '__source_ts_ms', '__lsn', '__db']

/** Whether a row has been flattened: by fields or headers that the transformation adds. */
export function isFlattened(context: ShapeContext): boolean {
  return (
    context.schema?.name?.endsWith('.Value') === true ||
    MARKS.some((mark) => context.value.has(mark)) ||
    headerText(context.record, '__op') !== undefined
  )
}

/** Decodes a bare row that came out of an envelope (`ExtractNewRecordState`), with whatever it was told to add. */
export function decodeFlattened(context: ShapeContext): RowChange {
  const { value, schema, key, record } = context
  const columns = new Map<string, Raw>()
  const added = new Map<string, Raw>()
  for (const [name, member] of value)
    (name.startsWith(PREFIX) && isMark(name, value) ? added : columns).set(name, member)
  const row = decodeRow(context, schema, columns, 'after')
  const op = flattenedOperation(context, added)
  const deleted = op === 'd'
  const metadata = createStruct()
  for (const [name, member] of added)
    if (name !== '__deleted')
      metadata[name.slice(PREFIX.length)] = decodeValue(fieldSchema(schema, name), member, name)
  const info = new Map(columnsOf(context, schema))
  for (const name of added.keys()) info.delete(name)
  return {
    kind: 'row',
    shape: 'flattened',
    topic: record.topic,
    op,
    opInferred: false,
    nullsMayBeZero: context.nullsMayBeZero,
    rowsMayBePartial: false,
    table: tableOf(added),
    effect: deleted ? 'delete' : 'upsert',
    key: key.value,
    before: deleted ? row : null,
    beforeTrusted: deleted ? trustedBefore(context, row, true) : null,
    after: deleted ? null : row,
    unavailable: deleted ? [] : unavailableColumns(row),
    columns: info,
    source: undefined,
    time: instantOfMs(
      asInteger(added.get('__source_ts_ms')) ??
        asInteger(headerText(record, '__source_ts_ms') ?? null),
    ),
    processedTime: undefined,
    transaction: undefined,
    transactionKey: undefined,
    keyChange: key.keyChange,
    routingKey: key.routingKey,
    metadata: Object.keys(metadata).length === 0 ? undefined : (metadata as StructValue),
  }
}

/** Of the names that begin like an added field, those that are one: a known one, or one beside a known one. */
function isMark(name: string, value: RawObject): boolean {
  return MARKS.includes(name) || (MARKS.some((mark) => value.has(mark)) && name !== '__proto__')
}

function tableOf(added: ReadonlyMap<string, Raw>): TableName | undefined {
  const name = asName(added.get('__table')) ?? asName(added.get('__source_table'))
  const database = asName(added.get('__db')) ?? asName(added.get('__source_db'))
  const schema = asName(added.get('__schema')) ?? asName(added.get('__source_schema'))
  if (name === undefined && database === undefined && schema === undefined) return undefined
  return { database, keyspace: undefined, schema, name }
}

function flattenedOperation(
  context: ShapeContext,
  added: ReadonlyMap<string, Raw>,
): RowOperation | null {
  if (asText(added.get('__deleted')) === 'true') return 'd'
  return operationOf(asText(added.get('__op')) ?? headerText(context.record, '__op'))
}

/** A letter of an operation on a row; null for anything else. */
export function operationOf(letter: string | undefined): RowOperation | null {
  switch (letter) {
    case 'c':
    case 'r':
    case 'u':
    case 'd':
      return letter
    default:
      return null
  }
}
