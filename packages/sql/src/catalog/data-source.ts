import type { Columns, FormatSpec } from '@varve/serde'

/** How the keys of a topic are windowed. Times in milliseconds. */
export type WindowInfo =
  | { readonly type: 'TUMBLING'; readonly sizeMs: number }
  | { readonly type: 'HOPPING'; readonly sizeMs: number; readonly advanceMs?: number }
  | { readonly type: 'SESSION' }

/** The column that gives records their time. */
export interface TimestampColumn {
  readonly column: string
  /** Pattern of a STRING column, in Java's DateTimeFormatter letters. */
  readonly format?: string
}

/** A column filled from record headers: read-only, not part of the value. */
export interface HeaderColumn {
  readonly name: string
  /** `HEADER('k')`: the key, type BYTES. Absent for `HEADERS`: all of them, `ARRAY<STRUCT<KEY STRING, VALUE BYTES>>`. */
  readonly headerKey?: string
}

/**
 * A stream or table of the catalog. Plain data, survives JSON.
 */
export interface DataSource {
  readonly name: string
  readonly kind: 'STREAM' | 'TABLE'
  readonly topic: string
  readonly keyFormat: FormatSpec
  readonly valueFormat: FormatSpec
  /** In declared order. */
  readonly keyColumns: Columns
  readonly valueColumns: Columns
  readonly headerColumns: readonly HeaderColumn[]
  readonly timestamp?: TimestampColumn
  /** Present when keys are windowed. */
  readonly window?: WindowInfo
  /** `CREATE SOURCE …`: read-only. */
  readonly isSource: boolean
  /** Made by a query (C*AS) rather than declared. */
  readonly createdByQuery: boolean
  /** The statement that made it. */
  readonly sql: string
}
