import { compareMarks, UNAVAILABLE, type SourceMark } from '@varve/cdc-debezium'
import type { Row, Value } from '@varve/serde'

import type { PartialRow, RowEvent } from './change-reader.ts'
import { formatMark, parseMark } from './mark-text.ts'

/**
 * What a table keeps of a row: its value columns, then the places of its newest change and of its newest read in the source's log, then whether the
 * tombstone of a late delete is still to come.
 */
type TableState = Row

/** Columns behind the value columns. */
const hidden = 3

/** The row that a state shows. */
export function visibleRow(state: TableState): Row {
  return state.slice(0, state.length - hidden)
}

/** A state after an event, and the columns that neither had. */
export interface NextState {
  /** Null: the row is gone. The same object: the event told nothing new. */
  readonly state: TableState | null
  readonly unknown: readonly number[]
}

/**
 * Applies an event to the state of its row. What is older than the row changes nothing; columns that were not sent stay as they are.
 */
export function nextState(
  state: TableState | null,
  event: RowEvent,
  keyColumnCount: number,
): NextState {
  if (event.kind === 'tombstone') return { state: afterTombstone(state), unknown: [] }
  const { mark } = event
  if (isStale(state, event)) {
    if (event.after !== null || state === null) return { state, unknown: [] }
    return { state: [...state.slice(0, -1), true], unknown: [] }
  }
  if (event.after === null) return { state: null, unknown: [] }
  const unknown: number[] = []
  const row = merge(state, event.after, keyColumnCount, unknown)
  const [streamed, read, due] = state?.slice(-hidden) ?? [null, null, null]
  const own = mark === undefined ? null : formatMark(mark)
  const isRead = mark?.read === true
  return {
    state: [
      ...row,
      isRead ? (streamed ?? null) : (own ?? streamed ?? null),
      isRead ? own : (read ?? null),
      due ?? null,
    ],
    unknown,
  }
}

/** The tombstone of a delete that came too late says nothing; any other deletes. */
function afterTombstone(state: TableState | null): TableState | null {
  return state?.at(-1) === true ? [...state.slice(0, -1), null] : null
}

function isStale(state: TableState | null, { mark, connector, repeated }: RowEvent): boolean {
  if (mark === undefined) return false
  // No row, and the partition is further: the row went since.
  if (state === null) return repeated
  const [streamed, read] = state.slice(-hidden)
  if (isOlder(connector, mark, streamed ?? null, false)) return true
  return mark.read && isOlder(connector, mark, read ?? null, true)
}

function isOlder(connector: string, mark: SourceMark, stored: Value, read: boolean): boolean {
  return (
    typeof stored === 'string' && compareMarks(connector, mark, parseMark(stored, read)) === 'older'
  )
}

function merge(
  state: TableState | null,
  after: PartialRow,
  keyColumnCount: number,
  unknown: number[],
): Value[] {
  const row: Value[] = []
  for (let i = keyColumnCount; i < after.length; i++) {
    const value = after[i]!
    if (value !== UNAVAILABLE) row.push(value)
    else {
      if (state === null) unknown.push(i)
      row.push(state?.[i - keyColumnCount] ?? null)
    }
  }
  return row
}
