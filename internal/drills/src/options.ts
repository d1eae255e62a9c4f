/** What every drill takes. */
export interface DrillOptions {
  readonly cycles: number
  readonly seed: number
  readonly log: (line: string) => void
}

/** Cycles that held and that did not. */
export interface DrillResult {
  readonly passed: number
  readonly failed: number
}
