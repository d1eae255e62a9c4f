import { reasonClass } from './reason-class.ts'
/** Passed and failed under each heading that a case has. */
export function tally(results, headings) {
  const tallies = new Map()
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
export const fileOf = ({ testCase }) => [`${testCase.suite}/${testCase.file}`]
export const tagsOf = ({ testCase }) => testCase.tags
export const reasonOf = ({ verdict }) =>
  verdict.reason === undefined ? [] : [reasonClass(verdict.reason)]
/** Lines `heading: passed of all`. */
export function formatTallies(title, tallies) {
  const lines = Array.from(
    tallies,
    ([heading, { passed, failed }]) => `  ${heading}: ${passed} of ${passed + failed}`,
  )
  return [title, ...lines].join('\n')
}
/** Everything, for other programs. */
export function toJson(results, outOfScope) {
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
