import type { SqlType, Value } from '@varve/serde'

import type { Position } from './position.ts'
import type { Session } from './session.ts'

/** Session overrides and values for one call. */
export interface StatementOptions {
  /** Values for `${name}`: each becomes one literal of its type, whatever it holds, so it can never turn into other SQL. */
  readonly variables?: Readonly<Record<string, VariableValue>>
  /** Properties as SET gives them, for this call only. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
  /** Gives up. */
  readonly signal?: AbortSignal
}

/** What a `${variable}` may be bound to. */
export type VariableValue = string | number | bigint | boolean | null

/** Options of {@link Engine.query}, {@link Engine.stream} and {@link Engine.openQuery}. */
export interface QueryOptions extends StatementOptions {
  /** `object` (default): one object per row, by column name; `array`: values in column order. */
  readonly rows?: 'object' | 'array'
  /** Pull queries wait until the view holds everything written before this position. */
  readonly consistency?: Position
  /** Rows a push query may hold unread before its source is paused. Default 1,000. */
  readonly bufferedRowsMax?: number
}

/** Options of {@link Engine.execute}. */
export interface ExecuteOptions extends StatementOptions {
  /** Properties and variables that SET and DEFINE change. Default: the engine's own session. */
  readonly session?: Session
  /** Waits until the command of this offset was applied. @throws EngineError `command-timeout` */
  readonly commandSequenceNumber?: number
}

/** Options of {@link Engine.openQuery}. */
export interface OpenQueryOptions extends QueryOptions {
  /** Properties and variables that hold for the query. Default: the engine's own session. */
  readonly session?: Session
}

/** A column of a result. */
export interface ResultColumn {
  readonly name: string
  readonly type: SqlType
  /** Whether it is part of the key (pull queries; push queries list plain columns). */
  readonly key: boolean
  /** Pull queries over tables: it shows a header column of the source, all headers or those of one key. */
  readonly header?: { readonly key?: string }
}

/** A row of a result before it is given a shape. */
export interface ResultRow {
  /** Values in the order of the columns. */
  readonly values: readonly Value[]
  /** Push query over a table: the row was deleted; only key columns have values. */
  readonly tombstone: boolean
}

/** A query that runs. Close it, or read it to its end. */
export interface QueryHandle extends AsyncDisposable {
  readonly id: string
  readonly kind: 'pull' | 'push'
  readonly columns: readonly ResultColumn[]
  /** Whether the end has a message of its own: that of push queries, and of pull queries over streams. */
  readonly announcesEnd: boolean
  /** Batches of rows as they come; ends at LIMIT, at the end of a pull query, or when closed. Read once. */
  batches(): AsyncIterable<readonly ResultRow[]>
  /** Why {@link batches} ended. */
  readonly end: 'limit' | 'complete' | 'closed' | undefined
  close(): Promise<void>
}

/** A topic that is being printed. */
export interface PrintHandle extends AsyncDisposable {
  readonly id: string
  readonly kind: 'print'
  /** Lines of text as ksqlDB prints records; ends at LIMIT or when closed. Read once. */
  lines(): AsyncIterable<string>
  close(): Promise<void>
}
