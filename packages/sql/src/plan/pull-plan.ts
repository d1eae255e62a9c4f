import type { LiteralJson } from '../expression/typed-expression.ts'
import type { OutputColumn } from './physical-plan.ts'
import type { PlanExpression } from './schema.ts'

/** A bound of a range; `value` in the JSON form of literals. */
export interface PullBound {
  readonly value: LiteralJson
  readonly inclusive: boolean
}

/** Bounds on window start and end, milliseconds since the epoch; an absent side is open. */
export interface PullWindowBounds {
  readonly startLower?: PullBound
  readonly startUpper?: PullBound
  readonly endLower?: PullBound
  readonly endUpper?: PullBound
}

/** How the store is read. */
export type PullLookup =
  /** Full keys, one literal per key column each; without duplicates. */
  | {
      readonly kind: 'keys'
      readonly keys: readonly (readonly LiteralJson[])[]
      readonly windows: PullWindowBounds
    }
  /** Range over a single STRING or BYTES key column. */
  | {
      readonly kind: 'range'
      readonly lower?: PullBound
      readonly upper?: PullBound
      readonly windows: PullWindowBounds
    }
  | { readonly kind: 'scan'; readonly windows: PullWindowBounds }

/**
 * The plan of a pull query: plain data. Rows that `lookup` yields are rows of the source (key, value, window in the context); `filter` is the whole
 * WHERE condition where the lookup does not cover it, `output` the columns of a result row.
 */
export interface PullPlan {
  readonly version: number
  readonly source: string
  readonly sourceKind: 'STREAM' | 'TABLE'
  readonly lookup: PullLookup
  readonly filter?: PlanExpression
  readonly output: readonly OutputColumn[]
  /** Whether the source's keys are windowed. */
  readonly windowed: boolean
  readonly limit?: number
}
