import type { RowChange, RowOperation, TableName } from '../change.ts'
import { decodeValue } from '../connect/column-value.ts'
import { fieldSchema } from '../connect/connect-schema.ts'
import { asName, asText, type Raw } from '../connect/raw.ts'
import { headerText } from '../record/headers.ts'
import { timeOf } from '../time-of.ts'
import { createStruct, type Instant, type StructValue } from '../values/values.ts'
import type { ShapeContext } from './context.ts'
import { columnsOf, decodeRow, trustedBefore, unavailableColumns } from './row.ts'

const PREFIX = '__'
/** Columns of others that begin like added fields: Mongoose keeps a version in each document. */
const COLUMNS = new Set(['__v', '__proto__'])
/** Added fields, without their prefix, that no other column is likely to be called. */
const MARKS = [
  'deleted',
  'op',
  'table',
  'lsn',
  'db',
  'ts_ms',
  'ts_us',
  'ts_ns',
  'source_ts_ms',
  'source_ts_us',
  'source_ts_ns',
  'source_table',
  'source_db',
  'source_schema',
  'source_lsn',
  'source_connector',
  'source_name',
  'source_version',
  'source_snapshot',
  'source_sequence',
  'source_file',
  'source_pos',
  'source_collection',
  'transaction_id',
]

/** Whether a row has been flattened: by fields or headers that the transformation adds. */
export function isFlattened(context: ShapeContext): boolean {
  const prefix = context.options.addedFieldsPrefix ?? PREFIX
  return (
    context.value.has('__deleted') ||
    MARKS.some((mark) => context.value.has(prefix + mark)) ||
    headerText(context.record, `${prefix}op`) !== undefined
  )
}

/** Decodes a bare row that came out of an envelope (`ExtractNewRecordState`), with whatever it was told to add. */
export function decodeFlattened(context: ShapeContext): RowChange {
  const { value, schema, key, record, options } = context
  const prefix = options.addedFieldsPrefix ?? PREFIX
  const columns = new Map<string, Raw>()
  const added = new Map<string, Raw>()
  const names = new Map<string, string>()
  const marked = options.addedFieldsPrefix !== undefined || isFlattened(context)
  for (const [name, member] of value) {
    const mark = marked ? markOf(name, prefix) : undefined
    if (mark === undefined) columns.set(name, member)
    else {
      added.set(mark, member)
      names.set(mark, name)
    }
  }
  const row = decodeRow(context, schema, columns, 'after')
  const op = flattenedOperation(context, added, prefix)
  const deleted = op === 'd'
  const metadata = createStruct()
  for (const [mark, member] of added)
    if (mark !== 'deleted') {
      const name = names.get(mark)!
      metadata[mark] = decodeValue(fieldSchema(schema, name), member, name)
    }
  const info = new Map(columnsOf(context, schema))
  for (const name of names.values()) info.delete(name)
  const told = (mark: string): Raw | undefined =>
    added.get(mark) ?? headerText(record, prefix + mark)
  return {
    kind: 'row',
    shape: 'flattened',
    topic: record.topic,
    op,
    opInferred: false,
    nullsMayBeZero: context.nullsMayBeZero,
    rowsMayBePartial: false,
    table: tableOf(told),
    effect: deleted ? 'delete' : 'upsert',
    key: key.value,
    before: deleted ? row : null,
    beforeTrusted: deleted ? trustedBefore(context, row, true) : null,
    after: deleted ? null : row,
    unavailable: deleted ? [] : unavailableColumns(row),
    columns: info,
    source: undefined,
    time: timeOfMarks(told, 'source_'),
    processedTime: timeOfMarks(told, ''),
    transaction: undefined,
    transactionKey: undefined,
    keyChange: key.keyChange,
    routingKey: key.routingKey,
    metadata: Object.keys(metadata).length === 0 ? undefined : (metadata as StructValue),
  }
}

/** The added field's name without its prefix; undefined for a column. `__deleted` is never called anything else. */
function markOf(name: string, prefix: string): string | undefined {
  if (name === '__deleted') return 'deleted'
  if (!name.startsWith(prefix) || name === prefix || COLUMNS.has(name)) return undefined
  return name.slice(prefix.length)
}

type Told = (mark: string) => Raw | undefined

function timeOfMarks(told: Told, of: string): Instant | undefined {
  const times = new Map<string, Raw>()
  for (const unit of ['ts_ns', 'ts_us', 'ts_ms']) {
    const time = told(of + unit)
    if (time !== undefined) times.set(unit, time)
  }
  return timeOf(times)
}

function tableOf(told: Told): TableName | undefined {
  const part = (name: string): string | undefined =>
    asName(told(name)) ?? asName(told(`source_${name}`))
  const table: TableName = {
    database: part('db'),
    keyspace: part('keyspace'),
    schema: part('schema'),
    name: part('table') ?? part('collection'),
  }
  return Object.values(table).every((name) => name === undefined) ? undefined : table
}

function flattenedOperation(
  context: ShapeContext,
  added: ReadonlyMap<string, Raw>,
  prefix: string,
): RowOperation | null {
  if (asText(added.get('deleted')) === 'true') return 'd'
  return operationOf(
    (asText(added.get('op')) ?? headerText(context.record, `${prefix}op`))?.toLowerCase(),
  )
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
