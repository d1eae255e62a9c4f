import type { Serde } from '../serde.ts'

/** What kind of rows a store holds. */
export type StoreKind = 'key-value' | 'window' | 'session' | 'join-window' | 'join-outer' | 'bytes'

/** Description of one state store; each task builds its own from it. Plain data. */
export interface StoreBuilder<K = never, V = never> {
  readonly name: string
  readonly kind: StoreKind
  readonly keySerde: Serde<K>
  readonly valueSerde: Serde<V>
  readonly caching: boolean
  readonly logging: boolean
  /** Windowed kinds: milliseconds of event time that rows are kept. */
  readonly retentionMs: number
  /** Time windows: milliseconds from start to end. */
  readonly windowSizeMs: number
  /** Keep an index by time, so that closed windows are found in order. */
  readonly timeIndex: boolean
}
