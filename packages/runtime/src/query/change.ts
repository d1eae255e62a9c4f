/** A change of a source. Of a stream every record is an `insert`; a table's deletions have no `after`. */
export interface Change<R = Record<string, unknown>, K = Record<string, unknown>> {
  readonly kind: 'insert' | 'update' | 'delete'
  /** Key columns, and WINDOWSTART and WINDOWEND where keys are windowed; `null` for a record without key. */
  readonly key: K | null
  /** The row before, key columns included; `undefined` for an insert. */
  readonly before: R | undefined
  /** The row now; `undefined` for a deletion. */
  readonly after: R | undefined
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly topic: string
  readonly partition: number
  readonly offset: number
}
