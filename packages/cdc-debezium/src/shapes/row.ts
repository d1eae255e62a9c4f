import type { ColumnInfo } from '../change.ts'
import { decodeStruct, decodeValue, sqlTypeOf } from '../connect/column-value.ts'
import type { ConnectSchema } from '../connect/connect-schema.ts'
import { asObject, type Raw } from '../connect/raw.ts'
import { RawMembers } from '../connect/raw-members.ts'
import { ChangeDecodeError } from '../errors.ts'
import { allowedMembers } from '../logical/text.ts'
import { isStruct } from '../record/key.ts'
import { createStruct, UNAVAILABLE, type ColumnValue, type StructValue } from '../values/values.ts'
import type { ShapeContext } from './context.ts'

/** A row image; null when it was not sent. @throws ChangeDecodeError `invalid-envelope` when it is no struct */
export function decodeRow(
  context: ShapeContext,
  schema: ConnectSchema | undefined,
  raw: Raw | undefined,
  path: string,
): StructValue | null {
  if (raw === null || raw === undefined) return null
  const object = asObject(raw)
  if (object === undefined)
    throw new ChangeDecodeError('invalid-envelope', 'the row is no object', { path })
  let missing: string[] | undefined
  if (object instanceof RawMembers) {
    const { columns } = context.rowPlans.planOf(schema, object.names, path)
    const row = createStruct(columns.length)
    for (const column of columns) {
      const value = object.at(column.place)
      // What cannot be the marker of a value that was not sent needs no look.
      if (typeof value !== 'number' && value !== null && context.unavailable(value)) {
        ;(missing ??= []).push(column.name)
        row[column.name] = UNAVAILABLE
      } else row[column.name] = column.read(value, column.path)
    }
    if (missing !== undefined) missingColumns.set(row, missing)
    return row
  }
  const row = decodeStruct(schema, object, path, (column, value, inner, name) => {
    if (context.unavailable(value)) {
      ;(missing ??= []).push(name)
      return UNAVAILABLE
    }
    const hint = context.hints.get(name)
    return hint === undefined ? decodeValue(column, value, inner) : hint.decode(value, inner)
  })
  if (missing !== undefined) missingColumns.set(row, missing)
  return row
}

/** Names of columns that were not sent, of the few rows that have such. */
const missingColumns = new WeakMap<StructValue, readonly string[]>()
const NONE: readonly string[] = []

/** Names of columns that were not sent. */
export function unavailableColumns(row: StructValue | null): readonly string[] {
  return row === null ? NONE : (missingColumns.get(row) ?? NONE)
}

/** What a row's schema and the hints say of its columns. */
export function columnsOf(
  context: ShapeContext,
  schema: ConnectSchema | undefined,
): ReadonlyMap<string, ColumnInfo> {
  if (schema === undefined)
    return context.hints.size === 0 ? NO_COLUMNS : readColumns(context, schema)
  let columns = context.columnsBySchema.get(schema)
  if (columns === undefined) {
    columns = readColumns(context, schema)
    context.columnsBySchema.set(schema, columns)
  }
  return columns
}

const NO_COLUMNS: ReadonlyMap<string, ColumnInfo> = new Map()

function readColumns(
  context: ShapeContext,
  schema: ConnectSchema | undefined,
): ReadonlyMap<string, ColumnInfo> {
  const columns = new Map<string, ColumnInfo>()
  for (const field of schema?.fields ?? []) {
    columns.set(field.name, {
      type: sqlTypeOf(field.schema),
      nullable: field.schema?.optional,
      allowed: field.schema === undefined ? undefined : allowedMembers(field.schema),
    })
  }
  for (const [name, hint] of context.hints) {
    const known = columns.get(name)
    columns.set(name, {
      type: hint.sqlType,
      nullable: known?.nullable,
      allowed: known?.allowed,
    })
  }
  return columns
}

/** What can be believed of an old row: what the options say, else what is sure for its connector. */
export function trustedBefore(
  { options, key }: ShapeContext,
  before: StructValue | null,
  mayBePartial: boolean,
): StructValue | null {
  const complete = options.beforeIsComplete ?? !mayBePartial
  return complete ? before : keyColumnsOf(before, key.value)
}

/** The columns of `row` that are key columns, with the key's values. */
function keyColumnsOf(row: StructValue | null, key: ColumnValue): StructValue | null {
  if (row === null || !isStruct(key)) return row
  const trusted = createStruct()
  for (const name of Object.keys(row)) if (Object.hasOwn(key, name)) trusted[name] = row[name]!
  return trusted
}
