import type {
  Change,
  DocumentUpdate,
  RangeDelete,
  RowChange,
  Tombstone,
  TruncateChange,
} from '../change.ts'
import { ChangeDecodeError } from '../errors.ts'
import { applyDocumentUpdate } from '../documents/apply-update.ts'
import { createStruct, type ColumnValue, type StructValue } from '../values/values.ts'
import { fillColumns, mergeRow, type MergedRow } from './merge-row.ts'
import { inRange } from './range.ts'
import { RowIdentity } from './row-identity.ts'
import { compareMarks, markOf, type MarkOrder, type SourceMark } from './source-mark.ts'
import type { TableEffect } from './table-effect.ts'
import { MemoryTableStore, type StoredRow, type TableStore } from './table-store.ts'

/** Deleted keys that are remembered, unless told otherwise. */
const DEFAULT_DELETED_KEYS = 100_000

/** How a {@link DebeziumTable} keeps its rows. */
export interface DebeziumTableOptions {
  /** Default: in memory. */
  readonly store?: TableStore
  /** Name of the table whose rows to take, where a topic holds several. Default: all. */
  readonly table?: string
  /** Columns to keep rows by, in place of the record's key; needed for tables without one. */
  readonly keyColumns?: readonly string[]
  /** Says what tombstones and flattened rows do not: `mongodb` makes keys documents' ids. */
  readonly connector?: string
  /**
   * Deleted keys to remember, so that changes of before, delivered again, do not bring them back. The oldest go first; a key that is forgotten
   * can come back until its delete is delivered again too. Default 100,000.
   */
  readonly deletedKeys?: number
  /** How far the table was when its store was written. */
  readonly progress?: TableProgress
}

/** How far a table is, beside its rows. Store it together with them. */
export interface TableProgress {
  readonly connector: string
  /** Place of the newest truncate: nothing from before it counts. */
  readonly truncated: SourceMark | undefined
  /** Offset to read next, by topic and partition, as far as {@link DebeziumTable.apply} was told. */
  readonly offsets: ReadonlyMap<string, bigint>
}

/** Where a record lay in Kafka. */
export interface RecordPlace {
  readonly partition: number
  readonly offset: bigint | number | string
}

/**
 * A table kept from its changes, right under repeated and reordered delivery.
 *
 * A connector that starts again repeats events. Each row remembers the place of its newest change in the source's log, compared by the rules of
 * the connector: what is older changes nothing, except that it may give columns that newer events did not carry. Deleted keys and truncates are
 * remembered likewise. Reads of snapshots, also of repeated and incremental ones, change a row unless a change that they cannot have seen came
 * before them. Where no place is known (flattened rows) the order of delivery is all there is.
 *
 * @example
 * ```ts
 * const table = new DebeziumTable()
 * for (const record of records) table.apply(decoder.decode(record), record)
 * for (const { key, row } of table.rows()) …
 * ```
 */
export class DebeziumTable {
  readonly #store: TableStore
  readonly #table: string | undefined
  readonly #identity: RowIdentity
  readonly #deletedKeys: number
  /** Ids of deleted keys, oldest first. */
  readonly #deleted = new Set<string>()
  readonly #offsets: Map<string, bigint>
  #connector: string
  #truncated: SourceMark | undefined
  #size = 0

  constructor(options: DebeziumTableOptions = {}) {
    this.#store = options.store ?? new MemoryTableStore()
    this.#table = options.table
    this.#connector = options.connector ?? options.progress?.connector ?? ''
    this.#identity = new RowIdentity(options.keyColumns, this.#connector === 'mongodb')
    this.#deletedKeys = options.deletedKeys ?? DEFAULT_DELETED_KEYS
    this.#truncated = options.progress?.truncated
    this.#offsets = new Map(options.progress?.offsets)
    for (const [id, stored] of this.#store.entries())
      if (stored.row === null) this.#deleted.add(id)
      else this.#size++
  }

  /** Number of rows. */
  get size(): number {
    return this.#size
  }

  /** How far the table is. */
  get progress(): TableProgress {
    return {
      connector: this.#connector,
      truncated: this.#truncated,
      offsets: new Map(this.#offsets),
    }
  }

  /** The rows, in no order. */
  *rows(): Generator<{ readonly key: ColumnValue; readonly row: StructValue }> {
    for (const [, { key, row }] of this.#store.entries()) if (row !== null) yield { key, row }
  }

  /** The row of a key as `change.key` has it; undefined when there is none. */
  get(key: ColumnValue): StructValue | undefined {
    const id = this.#identity.idOf(key, {
      kind: 'raw',
      topic: undefined,
      key,
      value: null,
      effect: 'none',
    })
    return this.#store.get(id)?.row ?? undefined
  }

  /**
   * Applies a change. Told where the record lay, the table also passes over records that it has seen at that very place.
   *
   * @throws UnsupportedError for a row without key, unless the key columns are named
   * @throws ChangeDecodeError for an update of a document that no document can take
   */
  apply(change: Change, place?: RecordPlace): TableEffect {
    if (place !== undefined && this.#seen(change.topic, place)) return STALE
    switch (change.kind) {
      case 'row':
        if (this.#isOther(change.table?.name)) return NONE
        if (change.source !== undefined) this.#connector = change.source.connector
        return change.effect === 'delete' ? this.#delete(change) : this.#upsert(change)
      case 'tombstone':
        return this.#tombstone(change)
      case 'truncate':
        return this.#isOther(change.source?.table.name) ? NONE : this.#truncate(change)
      case 'range-delete':
        return this.#isOther(change.source?.table.name) ? NONE : this.#deleteRange(change)
      default:
        return NONE
    }
  }

  /** Gives a column of all rows another name, as DDL did: its events carry the new one alone. */
  renameColumn(from: string, to: string): void {
    for (const [id, stored] of this.#store.entries()) {
      const row = renamed(stored.row, from, to)
      if (row !== stored.row) this.#store.set(id, { ...stored, row })
    }
  }

  /**
   * Forgets all places: after a fail-over to another server, or a restore, whose log begins anew and would seem old. Rows stay.
   */
  forgetPositions(): void {
    this.#truncated = undefined
    for (const [id, { key, row }] of this.#store.entries())
      if (row === null) this.#forget(id)
      else this.#store.set(id, { key, row })
  }

  #isOther(name: string | undefined): boolean {
    return this.#table !== undefined && name !== undefined && name !== this.#table
  }

  #seen(topic: string | undefined, { partition, offset }: RecordPlace): boolean {
    const name = `${topic ?? ''} ${partition}`
    const at = BigInt(offset)
    const next = this.#offsets.get(name)
    if (next !== undefined && at < next) return true
    this.#offsets.set(name, at + 1n)
    return false
  }

  #compare(incoming: SourceMark | undefined, stored: SourceMark | undefined): MarkOrder {
    return compareMarks(this.#connector, incoming, stored)
  }

  /** Whether an event tells nothing new of a row. */
  #isStale(mark: SourceMark | undefined, stored: StoredRow | undefined): boolean {
    if (this.#compare(mark, this.#truncated) === 'older') return true
    if (stored === undefined) return false
    if (this.#compare(mark, stored.streamed) === 'older') return true
    return mark?.read === true && this.#compare(mark, stored.read) === 'older'
  }

  #upsert(change: RowChange): TableEffect {
    const key = this.#identity.keyOf(change)
    const id = this.#identity.idOf(key, change)
    const mark = markOf(change)
    const stored = this.#store.get(id)
    if (this.#isStale(mark, stored)) {
      const filled =
        stored === undefined || change.after === null
          ? undefined
          : fillColumns(this.#connector, stored, change.after, mark)
      if (filled === undefined) return STALE
      this.#store.set(id, filled)
      return { kind: 'update', key, before: stored!.row!, after: filled.row! }
    }
    const merged = this.#rowAfter(change, stored)
    if (merged === undefined) return { kind: 'unresolved', key }
    this.#store.set(id, storedRow(key, merged, mark, stored))
    const after = merged.row!
    if (stored?.row == null) {
      this.#deleted.delete(id)
      this.#size++
      return { kind: 'insert', key, after }
    }
    return { kind: 'update', key, before: stored.row, after }
  }

  #rowAfter(change: RowChange, stored: StoredRow | undefined): MergedRow | undefined {
    const { after } = change
    if (after === null) {
      const update = change.document?.update
      if (update === undefined || stored?.row == null) return undefined
      return { row: updated(stored.row, update) }
    }
    if (stored?.row == null && change.keyChange?.oldKey !== undefined) {
      const left = this.#takeLeft(change.keyChange.oldKey, change)
      if (left !== undefined) return mergeRow(change, after, left, left.row ?? left.left ?? null)
    }
    return mergeRow(change, after, stored, stored?.row ?? null)
  }

  /** The row at the old key: still there, or what its delete left for this. */
  #takeLeft(oldKey: ColumnValue, change: RowChange): StoredRow | undefined {
    const id = this.#identity.idOf(oldKey, change)
    const stored = this.#store.get(id)
    if (stored?.left === undefined) return stored
    const { left: _, columns: __, ...marker } = stored
    this.#store.set(id, marker)
    return stored
  }

  #delete(change: RowChange): TableEffect {
    const key = this.#identity.keyOf(change)
    const id = this.#identity.idOf(key, change)
    const mark = markOf(change)
    const stored = this.#store.get(id)
    if (this.#isStale(mark, stored)) {
      if (stored !== undefined)
        this.#store.set(id, { ...this.#withoutOlderCells(stored, mark), tombstoneDue: true })
      return STALE
    }
    const leaves = change.keyChange?.newKey !== undefined
    this.#remember(id, {
      key,
      row: null,
      ...(mark === undefined
        ? stored?.streamed === undefined
          ? {}
          : { streamed: stored.streamed }
        : { streamed: { ...mark, read: false } }),
      tombstoneDue: true,
      ...(leaves ? leftBy(stored) : {}),
    })
    if (stored?.row == null) return STALE
    this.#size--
    return { kind: 'delete', key, before: stored.row }
  }

  /** Cassandra's deletes take every cell that was written before them, whatever came first. */
  #withoutOlderCells(stored: StoredRow, mark: SourceMark | undefined): StoredRow {
    if (this.#connector !== 'cassandra' || mark === undefined || stored.row === null) return stored
    const row = Object.assign(createStruct(), stored.row)
    const columns = new Map(stored.columns)
    for (const [name, from] of columns)
      if (from === null || this.#compare(mark, from) === 'newer') {
        row[name] = null
        columns.set(name, mark)
      }
    return { ...stored, row, columns }
  }

  #tombstone(change: Tombstone): TableEffect {
    if (change.key === null) return NONE
    const key = this.#identity.keyOf(change)
    const id = this.#identity.idOf(key, change)
    const stored = this.#store.get(id)
    if (stored === undefined) return NONE
    if (stored.tombstoneDue === true) {
      const { tombstoneDue: _, ...rest } = stored
      this.#store.set(id, rest)
      return NONE
    }
    if (stored.row === null) return NONE
    // Its delete has gone to compaction. It has no place of its own.
    const { columns: _, row: before, ...rest } = stored
    this.#remember(id, { ...rest, row: null })
    this.#size--
    return { kind: 'delete', key, before }
  }

  #truncate(change: TruncateChange): TableEffect {
    if (change.source !== undefined) this.#connector = change.source.connector
    const mark = markOf(change)
    if (this.#compare(mark, this.#truncated) === 'older') return STALE
    if (mark !== undefined) this.#truncated = mark
    const rows: { key: ColumnValue; before: StructValue }[] = []
    for (const [id, stored] of this.#store.entries()) {
      if (
        this.#compare(mark, stored.streamed) === 'older' ||
        this.#compare(mark, stored.read) === 'older'
      )
        continue
      this.#forget(id)
      if (stored.row === null) continue
      rows.push({ key: stored.key, before: stored.row })
      this.#size--
    }
    return { kind: 'clear', rows }
  }

  #deleteRange(change: RangeDelete): TableEffect {
    if (change.source !== undefined) this.#connector = change.source.connector
    const mark = markOf(change)
    const rows: { key: ColumnValue; before: StructValue }[] = []
    for (const [id, stored] of this.#store.entries()) {
      if (stored.row === null || !inRange(change, stored.key)) continue
      if (this.#isStale(mark, stored)) continue
      this.#remember(id, {
        key: stored.key,
        row: null,
        ...(mark === undefined ? {} : { streamed: mark }),
      })
      rows.push({ key: stored.key, before: stored.row })
      this.#size--
    }
    return { kind: 'clear', rows }
  }

  #remember(id: string, marker: StoredRow): void {
    this.#store.set(id, marker)
    this.#deleted.delete(id)
    this.#deleted.add(id)
    if (this.#deleted.size <= this.#deletedKeys) return
    for (const oldest of this.#deleted) return this.#forget(oldest)
  }

  #forget(id: string): void {
    this.#store.delete(id)
    this.#deleted.delete(id)
  }
}

const STALE: TableEffect = { kind: 'stale' }
const NONE: TableEffect = { kind: 'none' }

/** What is kept of a row after a change at `mark`. Members that say nothing are absent. (Hot.) */
function storedRow(
  key: ColumnValue,
  { row, columns }: MergedRow,
  mark: SourceMark | undefined,
  before: StoredRow | undefined,
): StoredRow {
  const kept: { -readonly [Member in keyof StoredRow]: StoredRow[Member] } = { key, row }
  const isRead = mark?.read === true
  const streamed = isRead ? before?.streamed : (mark ?? before?.streamed)
  const read = isRead ? mark : before?.read
  if (streamed !== undefined) kept.streamed = streamed
  if (read !== undefined) kept.read = read
  if (before?.tombstoneDue !== undefined) kept.tombstoneDue = true
  if (columns !== undefined) kept.columns = columns
  return kept
}

/** @throws ChangeDecodeError for an update that no document can take */
function updated(row: StructValue, update: DocumentUpdate): StructValue {
  try {
    return applyDocumentUpdate(row, update)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new ChangeDecodeError('invalid-value', cause.message, { cause })
  }
}

/** What a row leaves behind for its new key; a delete that is repeated keeps what it left. */
function leftBy(stored: StoredRow | undefined): Pick<StoredRow, 'left' | 'columns'> {
  const left = stored?.row ?? stored?.left
  if (left === undefined) return {}
  return stored?.columns === undefined ? { left } : { left, columns: stored.columns }
}

function renamed(row: StructValue | null, from: string, to: string): StructValue | null {
  if (row === null || !Object.hasOwn(row, from)) return row
  const copy = createStruct()
  for (const [name, value] of Object.entries(row)) copy[name === from ? to : name] = value
  return copy
}
