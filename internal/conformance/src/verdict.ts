/** What came of one case. Plain data: it crosses processes. */
export interface Verdict {
  readonly passed: boolean
  /** Why it failed. */
  readonly reason?: string
  /** How many things were compared: records, errors, sources. A pass comes from a check. */
  readonly checks: number
  readonly durationMs: number
}

/** Why a case failed, thrown by the runner's own checks. */
export class CaseFailure extends Error {}
