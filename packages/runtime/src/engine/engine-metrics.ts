/** Counters of one persistent query. */
export interface QueryMetrics {
  readonly id: string
  readonly recordsProcessed: number
  readonly recordsSent: number
  readonly recordsSkipped: number
  readonly commits: number
  /** The longest commit since the query started, milliseconds: its tasks process nothing meanwhile. */
  readonly commitMsMax: number
  /** Records still to be taken in, over all input partitions. */
  readonly lag: number
}

/** Counters and gauges of an engine at one moment. */
export interface EngineMetrics {
  /** Persistent queries by state. */
  readonly queryStates: Readonly<Record<'RUNNING' | 'PAUSED' | 'ERROR', number>>
  readonly pushQueries: number
  readonly pullQueries: number
  readonly processingLogDropped: number
  readonly queries: readonly QueryMetrics[]
}
