import type { RowChange } from '../change.ts'
import { createStruct, UNAVAILABLE, type ColumnValue, type StructValue } from '../values/values.ts'
import { compareMarks, type SourceMark } from './source-mark.ts'
import type { StoredRow } from './table-store.ts'

/** A row and the columns of it that are older than itself. */
export type MergedRow = Pick<StoredRow, 'row' | 'columns'>

/** Columns that an event did not carry take what `base` has; where it has nothing they stay unavailable. */
export function mergeRow(
  change: RowChange,
  after: StructValue,
  base: StoredRow | undefined,
  baseRow: StructValue | null,
): MergedRow {
  const partial = change.rowsMayBePartial && change.op === 'u'
  if (!partial && change.unavailable.length === 0) return { row: after }
  const row = createStruct()
  const columns = new Map<string, SourceMark | null>()
  for (const name of Object.keys(after)) {
    const value = after[name]!
    if (value !== UNAVAILABLE && !(partial && unchanged(change, name, value))) {
      row[name] = value
      continue
    }
    const stored = baseRow !== null && Object.hasOwn(baseRow, name) ? baseRow[name] : undefined
    row[name] = stored ?? value
    columns.set(name, originOf(base, name))
  }
  return columns.size === 0 ? { row } : { row, columns }
}

/** Where the stored value of a column came from. */
function originOf(base: StoredRow | undefined, name: string): SourceMark | null {
  const own = base?.columns?.get(name)
  return own === undefined ? (base?.streamed ?? base?.read ?? null) : own
}

/** Where changed columns come with their old value, null on both sides is a column that was not sent. */
function unchanged({ before }: RowChange, name: string, value: ColumnValue): boolean {
  return value === null && (before?.[name] ?? null) === null
}

/** A late event may still carry what newer ones did not: undefined when it has nothing to give. */
export function fillColumns(
  connector: string,
  stored: StoredRow,
  after: StructValue,
  mark: SourceMark | undefined,
): StoredRow | undefined {
  if (stored.row === null || stored.columns === undefined || mark === undefined) return undefined
  let row: { [name: string]: ColumnValue } | undefined
  const columns = new Map(stored.columns)
  for (const [name, from] of stored.columns) {
    const value = Object.hasOwn(after, name) ? after[name] : undefined
    if (value === undefined || value === UNAVAILABLE) continue
    // The stored value is of a place at or behind this one: keep it.
    if (from !== null && compareMarks(connector, mark, from) !== 'newer') continue
    row ??= copyOf(stored.row)
    row[name] = value
    columns.set(name, mark)
  }
  return row === undefined ? undefined : { ...stored, row, columns }
}

function copyOf(row: StructValue): { [name: string]: ColumnValue } {
  return Object.assign(createStruct(), row)
}
