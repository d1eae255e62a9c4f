import { isVarveError } from '@varve/base'
import { VirtualClock } from '@varve/base/testing'
import { SqlError, type FunctionRegistry } from '@varve/sql'

import { AssertionFailure } from './assertion-failure.ts'
import { readTestFile, type SqlTestCase } from './read-test-file.ts'
import { SqlTestRun } from './sql-test-run.ts'

/** Options of {@link runSqlTests}. */
export interface SqlTestOptions {
  /** Default: the built-in ones. */
  readonly functions?: FunctionRegistry
  /** Where the wall clock stands at first, milliseconds since the epoch. Default 0. */
  readonly startMs?: number
  /** Runs only tests whose name holds this. */
  readonly filter?: string
}

/** How a test went. */
export interface SqlTestOutcome {
  readonly name: string
  /** Where the test begins in its file, from 1. */
  readonly line: number
  /** Absent: passed. */
  readonly failure?: SqlTestFailure
}

/** Why a test failed. */
export interface SqlTestFailure {
  readonly message: string
  /** Of the step that failed, from 1. */
  readonly line?: number
  /** Rows that were compared, one text for each of `columns`. */
  readonly columns?: readonly string[]
  readonly expected?: readonly string[]
  readonly actual?: readonly string[]
  /** Records that queries passed over, and why: often the reason that rows are missing. */
  readonly notes: readonly string[]
}

/**
 * Runs the tests of a file: statements, INSERT … VALUES as input, ASSERT … as expected output, all under virtual time and without a broker.
 * Every test has a catalog of its own; a record is processed by all queries, one after the other, before the next statement.
 *
 * `ASSERT VALUES` takes the next record of the source's topic and compares the columns it names; `ASSERT NULL VALUES … KEY` expects a
 * tombstone there; `ASSERT STREAM` and `ASSERT TABLE` compare a definition.
 *
 * `--@expected.error` names the error's class or code (`SqlError`, `VARVE_SQL`), or one of ksqlDB's: `ParsingException` and
 * `ParseFailedException` ask for an error of the parser, `AssertionError` for an assertion that does not hold, any other `…Exception` for a statement that is refused.
 *
 * @throws SqlError when the file cannot be cut into tests
 */
export async function runSqlTests(
  text: string,
  fileName: string,
  options: SqlTestOptions = {},
): Promise<SqlTestOutcome[]> {
  const outcomes: SqlTestOutcome[] = []
  for (const test of readTestFile(text, fileName).tests) {
    if (options.filter !== undefined && !test.name.includes(options.filter)) continue
    const failure = await runTest(test, text, options)
    const { name, line } = test
    outcomes.push(failure === undefined ? { name, line } : { name, line, failure })
  }
  return outcomes
}

async function runTest(
  test: SqlTestCase,
  text: string,
  { functions, startMs = 0 }: SqlTestOptions,
): Promise<SqlTestFailure | undefined> {
  const run = new SqlTestRun(text, new VirtualClock(startMs), functions)
  const expectsError = test.expectedError !== undefined || test.expectedMessage !== undefined
  try {
    for (const step of test.steps) {
      try {
        await run.step(step)
      } catch (error) {
        if (expectsError) return checkError(error, test, run)
        return describe(error, run.lineOf(step), run)
      }
    }
    if (!expectsError) return undefined
    const expected = test.expectedError ?? `message with "${test.expectedMessage}"`
    return { message: `Expected the error ${expected}, but every statement succeeded.`, notes: [] }
  } finally {
    run.close()
  }
}

function checkError(
  error: unknown,
  { expectedError, expectedMessage }: SqlTestCase,
  run: SqlTestRun,
): SqlTestFailure | undefined {
  const message = messageOf(error)
  if (expectedError !== undefined && !isOfKind(error, expectedError)) {
    return {
      message: `Expected the error ${expectedError}, but got ${nameOf(error)}: ${message}`,
      notes: run.notes(),
    }
  }
  if (expectedMessage !== undefined && !message.includes(expectedMessage)) {
    return {
      message: 'The error has another message.',
      columns: ['message'],
      expected: [expectedMessage],
      actual: [message],
      notes: run.notes(),
    }
  }
  return undefined
}

function isOfKind(error: unknown, expected: string): boolean {
  const name = expected.slice(expected.lastIndexOf('.') + 1)
  if (name === nameOf(error) || (isVarveError(error) && error.code === name)) return true
  if (name === 'AssertionError') return error instanceof AssertionFailure
  if (!name.endsWith('Exception') || error instanceof AssertionFailure) return false
  return name.startsWith('Pars')
    ? error instanceof SqlError && error.phase === 'syntax'
    : isVarveError(error)
}

function describe(error: unknown, line: number, run: SqlTestRun): SqlTestFailure {
  const rows =
    error instanceof AssertionFailure
      ? {
          ...(error.columns === undefined ? {} : { columns: error.columns }),
          ...(error.expected === undefined ? {} : { expected: error.expected }),
          ...(error.actual === undefined ? {} : { actual: error.actual }),
        }
      : {}
  return { message: messageOf(error), line, ...rows, notes: run.notes() }
}

function messageOf(error: unknown): string {
  if (error instanceof SqlError) return error.render()
  return error instanceof Error ? error.message : String(error)
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
