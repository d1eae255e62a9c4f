import type { ColumnValue, StructValue } from '../values/values.ts'

/** What a change did to a table. */
export type TableEffect =
  | { readonly kind: 'insert'; readonly key: ColumnValue; readonly after: StructValue }
  | {
      readonly kind: 'update'
      readonly key: ColumnValue
      readonly before: StructValue
      readonly after: StructValue
    }
  | { readonly kind: 'delete'; readonly key: ColumnValue; readonly before: StructValue }
  /** Many rows went at once: by a truncate, or a range of a partition. */
  | {
      readonly kind: 'clear'
      readonly rows: readonly { readonly key: ColumnValue; readonly before: StructValue }[]
    }
  /** The event is older than what the table holds: an event repeated, or late. */
  | { readonly kind: 'stale' }
  /** The event says nothing of the rows: a tombstone after its delete, a heartbeat, a transaction's end, a row of another table. */
  | { readonly kind: 'none' }
  /** A change of parts of a document that the table does not have; nothing was changed. */
  | { readonly kind: 'unresolved'; readonly key: ColumnValue }
