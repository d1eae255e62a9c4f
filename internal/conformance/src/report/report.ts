import type { SuiteCase } from '../suite/case.ts'
import type { Verdict } from '../verdict.ts'
import { reasonClass } from './reason-class.ts'

/** A case with its verdict. */
export interface Result {
  readonly testCase: SuiteCase
  readonly verdict: Verdict
}

/** Counts under one heading. */
export interface Tally {
  passed: number
  failed: number
}

/** Passed and failed under each heading that a case has. */
export function tally(
  results: readonly Result[],
  headings: (result: Result) => readonly string[],
): ReadonlyMap<string, Tally> {
  const tallies = new Map<string, Tally>()
  for (const result of results) {
    for (const heading of headings(result)) {
      let found = tallies.get(heading)
      if (found === undefined) tallies.set(heading, (found = { passed: 0, failed: 0 }))
      if (result.verdict.passed) found.passed++
      else found.failed++
    }
  }
  return new Map([...tallies].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

export const fileOf = ({ testCase }: Result): readonly string[] => [
  `${testCase.suite}/${testCase.file}`,
]
export const tagsOf = ({ testCase }: Result): readonly string[] => testCase.tags
export const reasonOf = ({ verdict }: Result): readonly string[] =>
  verdict.reason === undefined ? [] : [reasonClass(verdict.reason)]

/** Lines `heading: passed of all`. */
export function formatTallies(title: string, tallies: ReadonlyMap<string, Tally>): string {
  const lines = Array.from(
    tallies,
    ([heading, { passed, failed }]) => `  ${heading}: ${passed} of ${passed + failed}`,
  )
  return [title, ...lines].join('\n')
}

/** Everything, for other programs. */
export function toJson(results: readonly Result[], outOfScope: readonly SuiteCase[]): object {
  const passed = results.filter(({ verdict }) => verdict.passed).length
  return {
    summary: { passed, failed: results.length - passed, outOfScope: outOfScope.length },
    files: Object.fromEntries(tally(results, fileOf)),
    tags: Object.fromEntries(tally(results, tagsOf)),
    reasons: Object.fromEntries(tally(results, reasonOf)),
    cases: results.map(({ testCase, verdict }) => ({
      id: testCase.id,
      ...verdict,
      ...(verdict.reason === undefined ? {} : { class: reasonClass(verdict.reason) }),
      tags: testCase.tags,
    })),
    outOfScope: outOfScope.map(({ id }) => id),
  }
}
