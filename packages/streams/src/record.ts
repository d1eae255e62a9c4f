import type { RecordHeader } from '@varve/kafka'

/** A record on its way through the operators. Never written to after it is forwarded; operators make a new one. */
export interface StreamRecord<K, V> {
  readonly key: K
  readonly value: V
  /** Event time, milliseconds since the epoch. */
  readonly timestamp: number
  readonly headers: readonly RecordHeader[]
}

/** Where the input record being processed came from. */
export interface RecordContext {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Event time of the record at hand, milliseconds since the epoch. */
  readonly timestamp: number
  readonly headers: readonly RecordHeader[]
}

/**
 * One change of a table's row. `null` stands for an absent row.
 *
 * `oldValue` is only filled where somebody downstream asked for it (joins, groupings, filters with old values).
 */
export interface Change<V> {
  readonly newValue: V | null
  readonly oldValue: V | null
  /** Only of versioned tables: the change is to the past of the row, which is not what `newValue` says now. */
  readonly outOfOrder?: true
}

/** A span of event time in milliseconds. Time windows are `[start, end)`; session and sliding windows include both ends. */
export interface Window {
  readonly start: number
  readonly end: number
}

/** The key of a windowed aggregate: a key and the window it is valid in. */
export interface Windowed<K> {
  readonly key: K
  readonly window: Window
}

/** A row of a state store with the event time of its last update. */
export interface ValueAndTimestamp<V> {
  readonly value: V
  readonly timestamp: number
}

/** The headers of a record without headers. */
export const noHeaders: readonly RecordHeader[] = Object.freeze([])
