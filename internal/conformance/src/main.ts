/**
 * Runs ksqlDB's functional test cases: `npm run conformance -- --dir D`.
 *
 * Every case in scope counts, known failures too. Exit code 1 when one failed; with `--compare-known`, when the result is not exactly
 * what the list of known failures says.
 */
import { writeFileSync } from 'node:fs'

import { readOptions, UsageError, type Options } from './options.ts'
import {
  compareWithKnown,
  readKnownFailures,
  shrinkKnown,
  writeKnownFailures,
} from './report/known-failures.ts'
import { reasonClass } from './report/reason-class.ts'
import {
  fileOf,
  formatTallies,
  reasonOf,
  tagsOf,
  tally,
  toJson,
  type Result,
} from './report/report.ts'
import { runCases } from './run/case-pool.ts'
import { loadSuite } from './suite/load-suite.ts'

/** Longest text of a failure that is printed. */
const printedReasonMax = 600

async function main(options: Options): Promise<number> {
  const all = loadSuite(options.directory, options.selection)
  const cases = new Map(all.filter(({ inScope }) => inScope).map((each) => [each.id, each]))
  const outOfScope = all.filter(({ inScope }) => !inScope)
  console.log(`${cases.size} cases of ${options.directory}, ${outOfScope.length} out of scope`)
  const results: Result[] = []
  await runCases(options.directory, options.selection, [...cases.keys()], (id, verdict) => {
    results.push({ testCase: cases.get(id)!, verdict })
    if (!verdict.passed) console.log(`FAIL ${id}: ${shorten(verdict.reason ?? '')}`)
    if (results.length % 200 === 0) console.log(`${results.length} of ${cases.size} cases`)
  })
  console.log(formatTallies('by file', tally(results, fileOf)))
  console.log(formatTallies('by tag', tally(results, tagsOf)))
  printSources(results)
  console.log('failures by class')
  const reasons = [...tally(results, reasonOf)].toSorted(([, a], [, b]) => b.failed - a.failed)
  for (const [reason, { failed }] of reasons) console.log(`  ${failed} × ${reason}`)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(toJson(results, outOfScope), null, 2)}\n`)
  }
  const failed = results.filter(({ verdict }) => !verdict.passed).length
  const differences = settleKnown(options, results)
  for (const difference of differences) console.log(difference)
  console.log(`${results.length - failed} passed, ${failed} failed`)
  if (results.length === 0) return 1
  if (options.compareKnown) return differences.length === 0 ? 0 : 1
  return failed === 0 ? 0 : 1
}

/** How many passing cases also have the streams and tables that were recorded of the original. No verdict depends on it. */
function printSources(results: readonly Result[]): void {
  const recorded = results.filter(({ verdict }) => verdict.sourceDifference !== undefined)
  if (recorded.length === 0) return
  const differing = recorded.filter(({ verdict }) => verdict.sourceDifference !== null)
  for (const { testCase, verdict } of differing) {
    console.log(`sources of ${testCase.id}: ${shorten(verdict.sourceDifference ?? '')}`)
  }
  console.log(
    `of passing cases, ${recorded.length - differing.length} have the recorded sources, ${differing.length} differ`,
  )
}

/** Updates the list of known failures where that was asked for, and returns how the results differ from it. */
function settleKnown(options: Options, results: readonly Result[]): readonly string[] {
  if (!options.compareKnown && !options.updateKnown) return []
  const passed = new Map(results.map(({ testCase, verdict }) => [testCase.id, verdict.passed]))
  const known = readKnownFailures()
  if (!options.updateKnown) return compareWithKnown(known ?? {}, passed)
  const next =
    known === undefined
      ? Object.fromEntries(
          results
            .filter(({ verdict }) => !verdict.passed)
            .map(({ testCase, verdict }) => [testCase.id, reasonClass(verdict.reason ?? '')]),
        )
      : shrinkKnown(known, passed)
  writeKnownFailures(next)
  return compareWithKnown(next, passed)
}

function shorten(text: string): string {
  return text.length <= printedReasonMax ? text : `${text.slice(0, printedReasonMax)} …`
}

try {
  process.exitCode = await main(readOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
