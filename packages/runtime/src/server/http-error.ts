import { isVarveError, messageOf } from '@varve/base'
import { SqlError } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import type { StatementResult } from '../result/entities.ts'

/** ksqlDB's error codes: HTTP status × 100 + detail. */
export const ErrorCode = {
  badRequest: 40000,
  badStatement: 40001,
  queryEndpointNeeded: 40002,
  pushQueryLimit: 40003,
  http2Needed: 40004,
  notFound: 40400,
  assertionFailed: 41700,
  registryNeeded: 42801,
  serverError: 50000,
  commandTimeout: 50301,
  initialising: 50302,
  shuttingDown: 50303,
} as const
/** A code of ksqlDB's HTTP API. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

/** A request that ends with an error answer. */
export class HttpError extends Error {
  readonly errorCode: ErrorCode
  /** Status where it is not the code divided by 100 (404, 406, 413). */
  readonly status: number

  constructor(errorCode: ErrorCode, message: string, status: number = Math.floor(errorCode / 100)) {
    super(message)
    this.name = 'HttpError'
    this.errorCode = errorCode
    this.status = status
  }
}

/** Body of an error answer. */
export interface ErrorBody {
  readonly '@type': 'generic_error' | 'statement_error'
  readonly error_code: number
  readonly message: string
  readonly statementText?: string
  readonly entities?: readonly StatementResult[]
  /** Beyond ksqlDB: the message with the line of the script, a caret under the trouble, detail and hint, on several lines. */
  readonly rendered?: string
}

/** Status and body that an error is answered with. Unknown failures are named without their insides. */
export function toErrorAnswer(error: unknown): {
  readonly status: number
  readonly body: ErrorBody
} {
  if (error instanceof HttpError) {
    return {
      status: error.status,
      body: { '@type': 'generic_error', error_code: error.errorCode, message: error.message },
    }
  }
  if (error instanceof EngineError) return statementAnswer(error)
  if (error instanceof SqlError) {
    return {
      status: 400,
      body: {
        '@type': 'statement_error',
        error_code: ErrorCode.badStatement,
        message: error.message,
        statementText: error.statement ?? error.text ?? '',
        entities: [],
        rendered: error.render(),
      },
    }
  }
  const message = messageOf(error)
  if (isVarveError(error) && userErrors.has(error.code)) {
    return {
      status: 400,
      body: {
        '@type': 'statement_error',
        error_code: ErrorCode.badStatement,
        message,
        statementText: '',
        entities: [],
      },
    }
  }
  return {
    status: 500,
    body: { '@type': 'generic_error', error_code: ErrorCode.serverError, message },
  }
}

/** Codes that say the request was at fault. */
const userErrors: ReadonlySet<string> = new Set([
  'VARVE_SQL',
  'VARVE_UNSUPPORTED',
  'VARVE_NOT_FOUND',
  'VARVE_ALREADY_EXISTS',
  'VARVE_INVALID_OPTION',
  'VARVE_SERIALIZATION',
  'VARVE_BUSY',
])

const codes: Readonly<Record<EngineError['reason'], ErrorCode>> = {
  statement: ErrorCode.badStatement,
  'query-statement': ErrorCode.queryEndpointNeeded,
  assertion: ErrorCode.assertionFailed,
  'push-query-limit': ErrorCode.pushQueryLimit,
  'registry-needed': ErrorCode.registryNeeded,
  'command-timeout': ErrorCode.commandTimeout,
  closed: ErrorCode.shuttingDown,
  terminated: ErrorCode.shuttingDown,
  degraded: ErrorCode.serverError,
  failed: ErrorCode.serverError,
}

function statementAnswer(error: EngineError): { status: number; body: ErrorBody } {
  const code = codes[error.reason]
  return {
    status: Math.floor(code / 100),
    body: {
      '@type': 'statement_error',
      error_code: code,
      message: error.message,
      statementText: error.statementText,
      entities: error.entities,
    },
  }
}
