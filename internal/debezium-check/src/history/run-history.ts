import {
  ChangeDecoder,
  PlainDateTime,
  PlainTime,
  type Change,
  type ColumnValue,
  type RowChange,
  type StructValue,
} from '@varve/cdc-debezium'

import { createCaseRegistry } from '../case-registry.ts'
import { adjustedName, binaryEncoding, optionsOf } from './connector-settings.ts'
import { connectorFault, type ConnectorFault } from './connector-faults.ts'
import { columnRenames } from './ddl-renames.ts'
import { KeyedTable } from './keyed-table.ts'
import type { History, SelectedRow } from './read-history.ts'
import { sameCell } from './same-cell.ts'

/** Verdict on one table of a history, over all its steps. */
export interface TableVerdict {
  /** `<database>/<variant>/<table>`. */
  readonly name: string
  /** Undefined when the table agreed with SELECT after every step. */
  readonly failure: string | undefined
  /** Faults of the connector, by the cells that have them: `<first column>: <column> is <sent> instead of <selected>`. */
  readonly faults: FaultsByCell
}

type FaultsByCell = ReadonlyMap<string, ConnectorFault>

type Position = readonly bigint[]

interface Placed {
  readonly change:
    RowChange | Extract<Change, { readonly kind: 'truncate' | 'schema-change' | 'tombstone' }>
  readonly position: Position
}

/**
 * Keeps every table of a history from its changes and compares it with what SELECT said after each step. Where the records carry no types,
 * only the number of rows is judged. Cells whose text in the database is not understood here (intervals, geometries, hstore) are left out.
 */
export async function runHistory(history: History): Promise<readonly TableVerdict[]> {
  const { placed, flattened } = await decodeHistory(history)
  const typed = carriesTypes(placed)
  const renamedByEvents = placed.some(({ change }) => change.kind === 'schema-change')
  const tables = new Map<string, KeyedTable>()
  const failures = new Map<string, string>()
  const seen = new Set<string>()
  const columns = sentColumns(placed)
  const faults = new Map<string, Map<string, ConnectorFault>>()
  let next = 0
  for (const [i, state] of history.states.entries()) {
    // Flattened rows carry no position: only the last state can be compared.
    if (flattened && i < history.states.length - 1) continue
    const end = positionOf(state.position)
    if (!renamedByEvents) renameAsSaid(tables, state.sql ?? '')
    while (next < placed.length && (flattened || comparePositions(placed[next]!.position, end) < 0))
      apply(tables, placed[next++]!.change)
    for (const [table, rows] of Object.entries(flattened ? lastRows(history) : state.rowsNow)) {
      seen.add(table)
      const failure = compareRows(tables.get(table)?.rows() ?? [], rows, typed, {
        history,
        name: `${history.name}/${table}`,
        sent: columns.get(table) ?? new Set(),
        ran: history.states.slice(0, i + 1).map(({ sql }) => sql ?? ''),
        faults,
      })
      if (failure !== undefined && !failures.has(table))
        failures.set(table, `${state.step}: ${failure}`)
    }
  }
  const sent = new Set(
    placed.flatMap(({ change }) => (change.kind === 'schema-change' ? [] : [tableOf(change)])),
  )
  return [...seen]
    .filter((table) => sent.has(table))
    .map((table) => {
      const name = `${history.name}/${table}`
      return { name, failure: failures.get(table), faults: faults.get(name) ?? new Map() }
    })
}

/** Whether the records say the types of columns: semantic ones too, which Protobuf does not carry. */
function carriesTypes(placed: readonly Placed[]): boolean {
  return placed.some(
    ({ change }) =>
      change.kind === 'row' && change.columns.size > 0 && change.nullsMayBeZero !== true,
  )
}

/** Where DDL is not announced, the statements that ran tell the names of columns. */
function renameAsSaid(tables: ReadonlyMap<string, KeyedTable>, sql: string): void {
  for (const statement of sql.split(';')) {
    const name = /\bALTER\s+TABLE\s+(?:ONLY\s+)?(?:\w+\.)?"?([^"\s]+)"?/i.exec(statement)?.[1]
    for (const { from, to } of columnRenames(statement)) tables.get(name ?? '')?.rename(from, to)
  }
}

async function decodeHistory(
  history: History,
): Promise<{ readonly placed: readonly Placed[]; readonly flattened: boolean }> {
  const registry = createCaseRegistry(history.registry)
  const decoders = new Map<string, ChangeDecoder>()
  const placed: Placed[] = []
  const last = new Map<string, Position>()
  for (const record of history.records) {
    const decoder =
      decoders.get(record.topic) ?? new ChangeDecoder({ registry, ...optionsOf(history.connector) })
    decoders.set(record.topic, decoder)
    await decoder.prepare(record)
    const change = decoder.decode(record)
    if (
      change.kind !== 'row' &&
      change.kind !== 'truncate' &&
      change.kind !== 'schema-change' &&
      change.kind !== 'tombstone'
    )
      continue
    // Rows of an incremental snapshot carry no position: they stand where they stand in their partition.
    const partition = `${record.topic} ${record.partition}`
    const position = ownPosition(change) ?? last.get(partition) ?? SNAPSHOT
    last.set(partition, position)
    placed.push({ change, position })
  }
  const flattened = placed.some(
    ({ change }) => change.kind === 'row' && change.shape === 'flattened',
  )
  // Flattened rows have no position: the order within each partition is all there is, and a delete may be a tombstone alone.
  if (flattened) return { placed, flattened }
  // Otherwise the sort is stable: what shares a position stays in the order of its partition.
  return {
    placed: placed
      .filter(({ change }) => change.kind !== 'tombstone')
      .sort((a, b) => comparePositions(a.position, b.position) || rank(a) - rank(b)),
    flattened,
  }
}

/** Before every step. */
const SNAPSHOT: Position = [-1n]

function ownPosition(change: Placed['change']): Position | undefined {
  const source = change.kind === 'tombstone' ? undefined : change.source
  if (source?.position === undefined || source.snapshot === 'incremental') return undefined
  return source.snapshot === 'false' ? positionOf(source.position) : SNAPSHOT
}

/** Of a key change's two halves at one position the delete comes first. */
function rank({ change }: Placed): number {
  return change.kind === 'row' && change.effect === 'delete' ? 0 : 1
}

function positionOf(position: Readonly<Record<string, unknown>>): Position {
  const lsn = position['lsn']
  if (lsn !== undefined) return [BigInt(lsn as string | bigint)]
  const file = /(\d+)$/.exec(String(position['file']))
  const row = position['row'] as number | undefined
  return [BigInt(file?.[1] ?? 0), BigInt(position['pos'] as number | bigint), BigInt(row ?? 0)]
}

function comparePositions(a: Position, b: Position): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++)
    if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return 0
}

function tableOf(change: Placed['change']): string {
  if (change.kind === 'schema-change') return change.changes[0]?.tableId.at(-1) ?? ''
  const named =
    change.kind === 'row'
      ? change.table
      : change.kind === 'truncate'
        ? change.source?.table
        : undefined
  return named?.name ?? change.topic?.split('.').at(-1) ?? ''
}

/** All columns that any row of a table carried. */
function sentColumns(placed: readonly Placed[]): ReadonlyMap<string, ReadonlySet<string>> {
  const columns = new Map<string, Set<string>>()
  for (const { change } of placed) {
    if (change.kind !== 'row') continue
    const names = columns.get(tableOf(change)) ?? new Set<string>()
    columns.set(tableOf(change), names)
    for (const name of Object.keys(change.after ?? {})) names.add(name)
  }
  return columns
}

function apply(tables: Map<string, KeyedTable>, change: Placed['change']): void {
  const name = tableOf(change)
  const table = tables.get(name) ?? new KeyedTable()
  tables.set(name, table)
  if (change.kind === 'schema-change')
    for (const { from, to } of columnRenames(change.ddl ?? '')) table.rename(from, to)
  else table.apply(change)
}

/** The last word on every table. Flattening drops truncates, so what they removed is still there. */
function lastRows(history: History): Readonly<Record<string, readonly SelectedRow[]>> {
  const last: Record<string, readonly SelectedRow[]> = {}
  const left: Record<string, readonly SelectedRow[]> = {}
  for (const state of history.states) {
    const truncated = truncatedTables(state.sql ?? '')
    for (const [table, rows] of Object.entries(state.rowsNow)) {
      if (truncated.has(table)) left[table] = [...(left[table] ?? []), ...(last[table] ?? [])]
      last[table] = rows
    }
  }
  for (const [table, rows] of Object.entries(left)) {
    // Rows that came again under a key of before took the place of the old ones.
    const now = last[table]!
    const again = new Set(now.map(firstColumn))
    last[table] = [...rows.filter((row) => !again.has(firstColumn(row))), ...now]
  }
  return last
}

function truncatedTables(sql: string): ReadonlySet<string> {
  const lists = [...sql.matchAll(/\bTRUNCATE\s+(?:TABLE\s+)?([\w\s,]+)/gi)]
  return new Set(lists.flatMap((match) => match[1]!.split(',').map((name) => name.trim())))
}

function firstColumn(row: SelectedRow): string | null | undefined {
  return Object.values(row)[0]
}

/** A table under comparison. */
interface Compared {
  readonly history: History
  readonly name: string
  /** Columns that any row carried. */
  readonly sent: ReadonlySet<string>
  /** Statements that ran so far. */
  readonly ran: readonly string[]
  /** Faults met so far, by table. */
  readonly faults: Map<string, Map<string, ConnectorFault>>
}

function compareRows(
  actual: readonly StructValue[],
  expected: readonly SelectedRow[],
  typed: boolean,
  table: Compared,
): string | undefined {
  if (actual.length !== expected.length)
    return `${actual.length} rows instead of ${expected.length}`
  if (!typed) return undefined
  const left = [...actual]
  for (const row of expected) {
    const met = new Map<string, ConnectorFault>()
    const index = left.findIndex((candidate) => {
      met.clear()
      return firstDifference(candidate, row, table, met) === undefined
    })
    if (index < 0) return nearest(left, row, table)
    left.splice(index, 1)
    const known = table.faults.get(table.name) ?? new Map<string, ConnectorFault>()
    for (const [cell, fault] of met) known.set(cell, fault)
    table.faults.set(table.name, known)
  }
  return undefined
}

function nearest(rows: readonly StructValue[], row: SelectedRow, table: Compared): string {
  const key = Object.keys(row)[0]!
  const same = rows.find(
    (candidate) =>
      sameCell(candidate[columnIn(table.history, key)] ?? null, row[key] ?? null) === true,
  )
  return same === undefined
    ? `no row with ${key} = ${row[key]}`
    : `row ${key} = ${row[key]}: ${firstDifference(same, row, table, new Map())}`
}

function firstDifference(
  actual: StructValue,
  expected: SelectedRow,
  table: Compared,
  met: Map<string, ConnectorFault>,
): string | undefined {
  for (const [name, text] of Object.entries(expected)) {
    const column = columnIn(table.history, name)
    // The connector leaves columns of some types out altogether.
    if (!table.sent.has(column)) continue
    const value = actual[column]
    const wanted = value === undefined ? text : asSent(value, text, table.history)
    if (value === undefined ? text === null : sameCell(value, wanted) !== false) continue
    const fault = connectorFault({
      history: table.history,
      column: name,
      value,
      selected: text,
      ran: table.ran,
    })
    if (fault !== undefined)
      met.set(`${firstColumn(expected)}: ${name} is ${String(value)} instead of ${text}`, fault)
    else if (value === undefined) return `no column "${name}"`
    else return `column "${name}" is ${String(value)} instead of ${text}`.slice(0, 200)
  }
  return undefined
}

/** The database's text as far as the connector was told to send it. */
function asSent(value: ColumnValue, text: string | null, history: History): string | null {
  if (text === null) return null
  // Mode `connect` has milliseconds and no more for times without zone.
  if (value instanceof PlainTime || value instanceof PlainDateTime)
    return history.connector['time.precision.mode'] === 'connect'
      ? text.replace(/(\.\d{3})\d+/, '$1')
      : text
  const encoding = binaryEncoding(history.connector)
  const hex = /^(?:\\x)?((?:[0-9a-f]{2})*|(?:[0-9A-F]{2})*)$/.exec(text)
  if (typeof value !== 'string' || encoding === undefined || hex === null) return text
  const encoded = Buffer.from(hex[1]!, 'hex').toString(encoding)
  // Text that is no bytes may look like them.
  return value.replace(/=+$/, '') === encoded.replace(/=+$/, '') ? value : text
}

/** Names in which a converter has replaced what it does not allow. */
function columnIn(history: History, name: string): string {
  return history.name.includes('avro')
    ? name.replace(/[^A-Za-z0-9_]/g, '_')
    : adjustedName(history.connector, name)
}
