import type { Serde } from '../serde.ts'

/** What kind of rows a store holds. */
export type StoreKind =
  'key-value' | 'versioned' | 'window' | 'session' | 'join-window' | 'join-outer' | 'bytes'

/**
 * Which closed windows emit-on-close still finds after a jump of time by more than their retention.
 *
 * - `segments` (default): what Kafka Streams' stores on disk still hold, which forget time windows at their retention and sessions by
 *   the segment of at least a minute. Windows that close in one jump are lost for ever.
 * - `exact`: what its stores in memory still hold, which forget at the retention to the millisecond: without grace, nothing at all.
 * - `complete`: all of them.
 */
export type ClosedWindows = 'segments' | 'exact' | 'complete'

/** Description of one state store; each task builds its own from it. Plain data. */
export interface StoreBuilder<K = never, V = never> {
  readonly name: string
  readonly kind: StoreKind
  readonly keySerde: Serde<K>
  readonly valueSerde: Serde<V>
  readonly caching: boolean
  readonly logging: boolean
  /** Windowed kinds: milliseconds of event time that rows are kept. Versioned: that the past of a row is kept. */
  readonly retentionMs: number
  /** Time windows: milliseconds from start to end. */
  readonly windowSizeMs: number
  /** Keep an index by time, so that closed windows are found in order. */
  readonly timeIndex: boolean
  /** With a time index. Default `segments`. */
  readonly closedWindows?: ClosedWindows
}
