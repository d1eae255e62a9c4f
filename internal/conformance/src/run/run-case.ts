import { runQueryCase } from '../query-cases/run-query-case.ts'
import { runRestCase } from '../rest-cases/run-rest-case.ts'
import type { SuiteCase } from '../suite/case.ts'
import { CaseFailure, type Verdict } from '../verdict.ts'

/** Runs one case to its verdict. */
export async function runCase(testCase: SuiteCase): Promise<Verdict> {
  const start = performance.now()
  const took = (): number => Math.round(performance.now() - start)
  try {
    const run = testCase.suite === 'qtt' ? runQueryCase : runRestCase
    const passed = await run(testCase)
    if (passed.checks > 0) return { ...passed, passed: true, durationMs: took() }
    return { ...passed, passed: false, reason: 'nothing was checked', durationMs: took() }
  } catch (error) {
    return { passed: false, reason: reasonOf(error), checks: 0, durationMs: took() }
  }
}

/** A failed check speaks for itself; anything else is shown with its place. */
function reasonOf(error: unknown): string {
  if (error instanceof CaseFailure) return error.message
  return `the runner failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
