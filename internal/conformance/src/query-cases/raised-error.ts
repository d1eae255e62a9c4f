import { isVarveError, UnsupportedError } from '@varve/base'
import { EngineError } from '@varve/runtime'
import {
  canonicalText,
  format,
  SqlError,
  type Catalog,
  type ParsedStatement,
  type SqlErrorPhase,
} from '@varve/sql'

import type { ExpectedException } from '../suite/case.ts'

/** What an engine raised while a case ran. */
export interface Raised {
  readonly error: unknown
  /** `parse` is a `statement` error, which is an `engine` error; `runtime` comes while records are processed; `bug` fits nothing. */
  readonly kind: 'parse' | 'statement' | 'engine' | 'runtime' | 'unsupported' | 'bug'
  /** Everything that the error says, the statement at its end. */
  readonly text: string
  /** The message with the statement right behind it, in the dialect's own layout. */
  readonly brief?: string
}

/** An error of the parser, or of a statement's execution. */
export function raisedByStatement(
  error: unknown,
  parsed: ParsedStatement | undefined,
  catalog: Catalog,
): Raised {
  const text =
    parsed === undefined
      ? textOf(error)
      : `${textOf(error)}\nStatement: ${format(parsed.statement)}`
  const statement =
    parsed === undefined
      ? error instanceof SqlError
        ? error.statement
        : undefined
      : canonicalOf(parsed, catalog)
  const kind = statementKind(error, parsed)
  if (statement === undefined || !(error instanceof Error)) return { error, kind, text }
  return { error, kind, text, brief: `${error.message}\nStatement: ${statement}` }
}

function canonicalOf({ statement }: ParsedStatement, catalog: Catalog): string | undefined {
  try {
    return canonicalText(statement, catalog)
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

/** An error that came while records were processed. */
export function raisedByRecord(error: unknown): Raised {
  return { error, kind: isVarveError(error) ? 'runtime' : 'bug', text: textOf(error) }
}

const parsePhases: ReadonlySet<SqlErrorPhase> = new Set(['syntax', 'literal', 'build'])

function statementKind(error: unknown, parsed: ParsedStatement | undefined): Raised['kind'] {
  if (error instanceof SqlError) return parsePhases.has(error.phase) ? 'parse' : 'statement'
  if (error instanceof EngineError) {
    return parsed?.statement.kind === 'insertValues' ? 'engine' : 'statement'
  }
  if (error instanceof UnsupportedError) return 'unsupported'
  if (!isVarveError(error) || error.code === 'VARVE_ASSERTION') return 'bug'
  return 'statement'
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!(error instanceof SqlError)) return error.message
  return [error.message, error.detail, error.hint].filter((part) => part !== undefined).join('\n')
}

const acceptedKinds: Readonly<Record<string, readonly Raised['kind'][]>> = {
  ParseFailedException: ['parse'],
  KsqlStatementException: ['parse', 'statement'],
  KsqlException: ['parse', 'statement', 'engine'],
  StreamsException: ['runtime'],
}

/** Why an error is not the one a case expects; `undefined` when it is. */
export function exceptionDifference(
  expected: ExpectedException,
  raised: Raised,
): string | undefined {
  const said = `got (${raised.kind}) ${raised.text}`
  if (raised.kind === 'bug') return `expected an error of the statement, ${said}`
  // What is not supported may be told in the very words expected, but never stands for an error that is not described.
  if (raised.kind === 'unsupported') {
    if (expected.message === undefined) return `expected a described error, ${said}`
  } else if (expected.type !== undefined) {
    const type = simpleName(expected.type)
    if (acceptedKinds[type]?.includes(raised.kind) !== true) return `expected a ${type}, ${said}`
  }
  if (expected.message !== undefined && !says(raised, expected.message)) {
    return `expected an error saying ${JSON.stringify(expected.message)}, ${said}`
  }
  const cause = raised.error instanceof Error ? raised.error.cause : undefined
  if (
    expected.causeMessage !== undefined &&
    !(cause instanceof Error && cause.message.includes(expected.causeMessage))
  ) {
    return `expected a cause saying ${JSON.stringify(expected.causeMessage)}, ${said}`
  }
  return undefined
}

function says({ text, brief }: Raised, message: string): boolean {
  return text.includes(message) || brief?.includes(message) === true
}

function simpleName(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1)
}
