import { DebeziumTable, type DebeziumTableOptions } from './debezium-table.ts'
import { formatStoredRow, markFromJson, markToJson, parseStoredRow } from './stored-row-text.ts'
import { MemoryTableStore, type TableStore } from './table-store.ts'

interface HeadJson {
  readonly connector: string
  readonly truncated: ReturnType<typeof markToJson> | null
  readonly offsets: readonly (readonly [string, string])[]
}

/** A table's whole state as lines of text: first how far it is, then its rows with their marks. */
export function* saveTable(table: DebeziumTable, store: TableStore): Generator<string> {
  const { connector, truncated, offsets } = table.progress
  const head: HeadJson = {
    connector,
    truncated: truncated === undefined ? null : markToJson(truncated),
    offsets: [...offsets].map(([name, offset]) => [name, String(offset)]),
  }
  yield JSON.stringify(head)
  for (const [id, stored] of store.entries()) yield JSON.stringify([id, formatStoredRow(stored)])
}

/** Opens what {@link saveTable} wrote, into a store that is empty. */
export function loadTable(
  lines: Iterable<string>,
  options: Omit<DebeziumTableOptions, 'progress'> = {},
): DebeziumTable {
  const store = options.store ?? new MemoryTableStore()
  let head: HeadJson | undefined
  for (const line of lines) {
    if (head === undefined) {
      head = JSON.parse(line) as HeadJson
      continue
    }
    const [id, stored] = JSON.parse(line) as readonly [string, string]
    store.set(id, parseStoredRow(stored))
  }
  if (head === undefined) return new DebeziumTable({ ...options, store })
  const { connector, truncated, offsets } = head
  return new DebeziumTable({
    connector,
    ...options,
    store,
    progress: {
      connector,
      truncated: truncated === null ? undefined : markFromJson(truncated),
      offsets: new Map(offsets.map(([name, offset]) => [name, BigInt(offset)])),
    },
  })
}
