/** What came of one case. Plain data: it crosses processes. */
export interface Verdict {
  readonly passed: boolean
  /** Why it failed. */
  readonly reason?: string
  /** How many things were compared: records, errors, sources. A pass comes from a check. */
  readonly checks: number
  readonly durationMs: number
  /** How the streams and tables differ from what was recorded of the original; `null` when they do not. Absent: not recorded. */
  readonly sourceDifference?: string | null
}

/** What a run that passes has to tell. */
export type Passed = Pick<Verdict, 'checks' | 'sourceDifference'>

/** Why a case failed, thrown by the runner's own checks. */
export class CaseFailure extends Error {}
