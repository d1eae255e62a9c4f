import { positionAt, scanScript, skipBlanks, SqlError } from '@varve/sql'

/** One step of a test, in the order of the file. */
export type SqlTestStep =
  | { readonly kind: 'statement'; readonly offset: number; readonly end: number }
  /** `--@time: T`: the wall clock stands at T from here on, milliseconds since the epoch. */
  | { readonly kind: 'time'; readonly offset: number; readonly ms: number }
  /** `--@no.more.output: NAME`: every record of the stream's or table's topic was asserted. */
  | { readonly kind: 'noMoreOutput'; readonly offset: number; readonly source: string }

/** A test of a file. */
export interface SqlTestCase {
  readonly name: string
  /** Where it begins, from 1. */
  readonly line: number
  readonly steps: readonly SqlTestStep[]
  /** `--@expected.error: NAME`. */
  readonly expectedError?: string
  /** `--@expected.message: PART`. */
  readonly expectedMessage?: string
}

/** A test file cut into its tests. */
export interface SqlTestFile {
  /** In every test, what stands before the first `--@test:` comes first. */
  readonly tests: readonly SqlTestCase[]
}

interface Draft {
  name: string
  offset: number
  steps: SqlTestStep[]
  expectedError?: string
  expectedMessage?: string
}

/**
 * Cuts a file of SQL tests at its directives, comments of the form `--@name: argument`:
 *
 * | directive | meaning |
 * |---|---|
 * | `--@test: NAME` | a test begins; a file without one is a single test |
 * | `--@expected.error: NAME` | the test passes when it ends in this error, see `runSqlTests` |
 * | `--@expected.message: PART` | and its message holds this |
 * | `--@time: T` | moves the wall clock: `2026-01-31T10:00:00Z`, or milliseconds since the epoch |
 * | `--@no.more.output: NAME` | all records that reached the stream or table have been asserted |
 *
 * @throws SqlError for a directive that is not known, and for text after the last `;`
 */
export function readTestFile(text: string, fileName: string): SqlTestFile {
  const { statements, lineComments, rest } = scanScript(text)
  const after = skipBlanks(text, text.length - rest.length)
  if (after < text.length) throw failure('statement without ";" at its end', text, after)
  const setup: Draft = { name: fileName, offset: 0, steps: [] }
  const drafts: Draft[] = []
  const pieces = [
    ...statements.map((piece) => ({
      piece,
      directive: false,
      at: piece.offset + piece.text.length,
    })),
    ...lineComments
      .filter((piece) => piece.text.startsWith('--@'))
      .map((piece) => ({ piece, directive: true, at: piece.offset })),
  ].sort((a, b) => a.at - b.at)
  for (const { piece, directive } of pieces) {
    const draft = drafts.at(-1) ?? setup
    const { offset } = piece
    if (!directive) {
      draft.steps.push({ kind: 'statement', offset, end: offset + piece.text.length })
      continue
    }
    const { name, argument } = readDirective(piece.text, text, offset)
    switch (name) {
      case 'test':
        drafts.push({ name: argument, offset, steps: [] })
        break
      case 'expected.error':
        draft.expectedError = argument
        break
      case 'expected.message':
        draft.expectedMessage = argument
        break
      case 'time':
        draft.steps.push({ kind: 'time', offset, ms: readTime(argument, text, offset) })
        break
      case 'no.more.output':
        draft.steps.push({ kind: 'noMoreOutput', offset, source: argument })
        break
      default:
        throw failure(`unknown directive "${name}"`, text, offset)
    }
  }
  if (drafts.length === 0) drafts.push(setup)
  return {
    tests: drafts.map(({ offset, ...draft }) => ({
      ...draft,
      steps: draft.steps === setup.steps ? draft.steps : [...setup.steps, ...draft.steps],
      line: positionAt(text, offset).line,
    })),
  }
}

function readDirective(
  comment: string,
  text: string,
  offset: number,
): { readonly name: string; readonly argument: string } {
  const match = /^--@([a-z.]+):\s*(\S.*)$/i.exec(comment)
  if (match === null) throw failure('a directive has the form --@name: argument', text, offset)
  return { name: match[1]!.toLowerCase(), argument: match[2]!.trim() }
}

function readTime(argument: string, text: string, offset: number): number {
  const ms = /^\d+$/.test(argument) ? Number(argument) : Date.parse(argument)
  if (Number.isSafeInteger(ms)) return ms
  throw failure(`"${argument}" is not a time`, text, offset)
}

function failure(message: string, text: string, offset: number): SqlError {
  const lineEnd = text.indexOf('\n', offset)
  const end = lineEnd < 0 ? text.length : lineEnd
  return new SqlError(message, { text, span: { ...positionAt(text, offset), end } })
}
