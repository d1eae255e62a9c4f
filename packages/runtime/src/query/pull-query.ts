import type { Row } from '@varve/serde'
import {
  decodeLiteral,
  type CompiledExpression,
  type CompiledPredicate,
  type DataSource,
  type EvaluationContext,
  type LiteralJson,
  type PullBound,
  type PullPlan,
} from '@varve/sql'
import type {
  KeyedRow,
  KeyRange,
  ReadOnlyKeyValueStore,
  ReadOnlyWindowStore,
  ValueAndTimestamp,
  Window,
  Windowed,
} from '@varve/streams'

import type { ResultRow } from '../engine/query-types.ts'
import { windowMatches } from './pull-bounds.ts'
import type { StoreRowMapper } from './view.ts'

/** Rows of one batch; between two batches the event loop turns. */
const batchRows = 1_000

/** What a pull query reads and how. */
export interface PullRead {
  readonly plan: PullPlan
  readonly source: DataSource
  readonly store:
    | { readonly kind: 'key-value'; readonly rows: ReadOnlyKeyValueStore<Row, Row> }
    | { readonly kind: 'window'; readonly rows: ReadOnlyWindowStore<Row, Row> }
    /** Rows of a windowed table behind its aggregate: the window is part of the key. */
    | {
        readonly kind: 'windowed-key'
        readonly rows: ReadOnlyKeyValueStore<Windowed<Row>, Row>
      }
  readonly toTableRow: StoreRowMapper
  readonly filter: CompiledPredicate | undefined
  readonly output: readonly CompiledExpression[]
  readonly onFailure: (error: unknown) => void
}

/** Answers a pull query over a table from the committed rows of its store, in batches. */
export function* readPull(read: PullRead): Generator<readonly ResultRow[]> {
  const evaluation = new PullEvaluation(read.onFailure)
  const limit = read.plan.limit ?? Infinity
  let batch: ResultRow[] = []
  let count = 0
  if (limit === 0) return
  for (const { key, window, value, timestamp } of storedRows(read)) {
    evaluation.moveTo(timestamp, window)
    const row = read.toTableRow(key, value, evaluation)
    if (row === undefined) continue
    if (read.filter !== undefined && !read.filter(key, row, evaluation)) continue
    batch.push({
      values: read.output.map((column) => column(key, row, evaluation)),
      tombstone: false,
    })
    count += 1
    if (count >= limit) break
    if (batch.length < batchRows) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

interface StoredRow extends ValueAndTimestamp<Row> {
  readonly key: Row
  readonly window: Window | undefined
}

function* storedRows(read: PullRead): Generator<StoredRow> {
  if (read.store.kind === 'key-value') {
    yield* keyedRows(read, read.store.rows)
    return
  }
  const rows =
    read.store.kind === 'window'
      ? windowedRows(read, read.store.rows)
      : windowedKeyRows(read, read.store.rows)
  for (const row of rows) {
    if (!windowMatches(row.key.window, read.plan.lookup.windows)) continue
    yield {
      key: row.key.key,
      window: row.key.window,
      value: row.value,
      timestamp: row.timestamp,
    }
  }
}

function* keyedRows(read: PullRead, store: ReadOnlyKeyValueStore<Row, Row>): Generator<StoredRow> {
  const { lookup } = read.plan
  if (lookup.kind === 'keys') {
    for (const literals of lookup.keys) {
      const key = keyRow(read.source, literals)
      const found = store.get(key)
      if (found !== undefined) yield { key, window: undefined, ...found }
    }
    return
  }
  const rows = lookup.kind === 'scan' ? store.all() : store.range(rangeOf(read.source, lookup))
  for (const row of rows) yield { ...row, window: undefined }
}

function* windowedRows(
  read: PullRead,
  store: ReadOnlyWindowStore<Row, Row>,
): ReturnType<ReadOnlyWindowStore<Row, Row>['fetch']> extends Iterable<infer R>
  ? Generator<R>
  : never {
  const { lookup } = read.plan
  switch (lookup.kind) {
    case 'keys':
      for (const literals of lookup.keys) yield* store.fetch(keyRow(read.source, literals))
      return
    case 'range':
      yield* store.fetchRange(rangeOf(read.source, lookup))
      return
    case 'scan':
      yield* store.all()
  }
}

function* windowedKeyRows(
  read: PullRead,
  store: ReadOnlyKeyValueStore<Windowed<Row>, Row>,
): Generator<KeyedRow<Windowed<Row>, Row>> {
  const { lookup } = read.plan
  switch (lookup.kind) {
    case 'keys':
      for (const literals of lookup.keys) {
        const key = keyRow(read.source, literals)
        yield* store.range({ gte: { key, window: firstWindow }, lte: { key, window: lastWindow } })
      }
      return
    case 'range': {
      const { gte, gt, lte, lt } = rangeOf(read.source, lookup)
      yield* store.range({
        ...(gte === undefined ? {} : { gte: { key: gte, window: firstWindow } }),
        ...(gt === undefined ? {} : { gt: { key: gt, window: lastWindow } }),
        ...(lte === undefined ? {} : { lte: { key: lte, window: lastWindow } }),
        ...(lt === undefined ? {} : { lt: { key: lt, window: firstWindow } }),
      })
      return
    }
    case 'scan':
      yield* store.all()
  }
}

/** Windows before and after all others of a key. */
const firstWindow: Window = { start: 0, end: 0 }
const lastWindow: Window = { start: Number.MAX_SAFE_INTEGER, end: Number.MAX_SAFE_INTEGER }

function keyRow(source: DataSource, literals: readonly LiteralJson[]): Row {
  return source.keyColumns.map((column, i) => decodeLiteral(column.type, literals[i] ?? null))
}

function rangeOf(
  source: DataSource,
  lookup: { readonly lower?: PullBound; readonly upper?: PullBound },
): KeyRange<Row> {
  const type = source.keyColumns[0]!.type
  const { lower, upper } = lookup
  const row = (bound: PullBound): Row => [decodeLiteral(type, bound.value)]
  return {
    ...(lower === undefined ? {} : lower.inclusive ? { gte: row(lower) } : { gt: row(lower) }),
    ...(upper === undefined ? {} : upper.inclusive ? { lte: row(upper) } : { lt: row(upper) }),
  }
}

/** Stored rows have a time and perhaps a window; where their records lay is not kept. */
class PullEvaluation implements EvaluationContext {
  rowtime = 0
  readonly partition = -1
  readonly offset = -1
  readonly headers: readonly never[] = []
  windowStart: number | null = null
  windowEnd: number | null = null
  readonly #onFailure: (error: unknown) => void

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  moveTo(timestamp: number, window: Window | undefined): void {
    this.rowtime = timestamp
    this.windowStart = window?.start ?? null
    this.windowEnd = window?.end ?? null
  }

  report(error: unknown): void {
    this.#onFailure(error)
  }
}
