import type { Row, Value } from '@varve/serde'

/** A header of a record. Bytes are borrowed. */
export interface HeaderValue {
  readonly key: string
  readonly value: Uint8Array | null
}

/**
 * What an expression may ask of the record besides key and value. One mutable object may be reused for every record: nothing is kept.
 */
export interface EvaluationContext {
  /** Record time, milliseconds since the epoch. */
  readonly rowtime: number
  readonly partition: number
  readonly offset: number
  readonly headers: readonly HeaderValue[]
  /** Window of the key, milliseconds since the epoch; `null` when keys are not windowed. */
  readonly windowStart: number | null
  readonly windowEnd: number | null
  /** An evaluation failed and gave null (or a dropped row) instead: for the processing log. */
  report(error: unknown): void
}

/** An expression as a function. Never throws for bad data: failures go to `context.report` and yield null. */
export type CompiledExpression = (
  key: Row | null,
  value: Row | null,
  context: EvaluationContext,
) => Value

/** A predicate as a function: null and failure are `false`. */
export type CompiledPredicate = (
  key: Row | null,
  value: Row | null,
  context: EvaluationContext,
) => boolean
