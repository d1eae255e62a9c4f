import type { Row } from '@varve/serde'
import type { EvaluationContext } from '@varve/sql'
import type { RecordContext, Windowed } from '@varve/streams'

import type { PlanKey } from './flow.ts'

/** Told of an expression that failed on a record. */
export type EvaluationFailure = (error: unknown, record: RecordContext) => void

/**
 * The evaluation context of one plan node, moved from record to record: nothing in it outlives the call it was set for.
 *
 * A node evaluates before it forwards, so one object serves all records of all tasks of a thread.
 */
export class RecordEvaluation implements EvaluationContext {
  rowtime = 0
  partition = 0
  offset = 0
  headers: RecordContext['headers'] = []
  windowStart: number | null = null
  windowEnd: number | null = null
  readonly #windowed: boolean
  readonly #onFailure: EvaluationFailure
  #record: RecordContext | undefined

  constructor(windowed: boolean, onFailure: EvaluationFailure) {
    this.#windowed = windowed
    this.#onFailure = onFailure
  }

  /** Moves to a record; returns the key columns of its key. */
  moveTo(key: PlanKey, record: RecordContext): Row | null {
    this.#record = record
    this.rowtime = record.timestamp
    this.partition = record.partition
    this.offset = record.offset
    this.headers = record.headers
    if (!this.#windowed || key === null) return key as Row | null
    const windowed = key as Windowed<Row>
    this.windowStart = windowed.window.start
    this.windowEnd = windowed.window.end
    return windowed.key
  }

  /** The record it was moved to last. */
  get record(): RecordContext | undefined {
    return this.#record
  }

  report(error: unknown): void {
    if (this.#record !== undefined) this.#onFailure(error, this.#record)
  }
}
