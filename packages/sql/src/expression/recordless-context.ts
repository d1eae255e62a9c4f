import type { EvaluationContext } from './evaluation.ts'

/** For expressions that refer to no record: literals, and calls on them. */
export function recordlessContext(report: (error: unknown) => void): EvaluationContext {
  return {
    rowtime: 0,
    partition: 0,
    offset: 0,
    headers: [],
    windowStart: null,
    windowEnd: null,
    report,
  }
}
