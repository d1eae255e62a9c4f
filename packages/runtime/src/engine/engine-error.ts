import { VarveError, type VarveErrorCode } from '@varve/base'

import type { StatementResult } from '../result/entities.ts'

/** Why a statement was refused or failed, as far as a caller reacts to it. */
export type EngineErrorReason =
  /** The statement is at fault. */
  | 'statement'
  /** SELECT or PRINT where only other statements are taken. */
  | 'query-statement'
  /** ASSERT: what was expected did not come about in time. */
  | 'assertion'
  /** As many push queries run as may. */
  | 'push-query-limit'
  /** The format needs a schema registry. */
  | 'registry-needed'
  /** An earlier command was not applied in time. */
  | 'command-timeout'
  /** The engine is closing. */
  | 'closed'
  /** The service was ended for all instances. */
  | 'terminated'
  /** The command log cannot be followed: nothing new is accepted. */
  | 'degraded'
  /** The statement was fine, executing it failed. */
  | 'failed'

const codes: Readonly<Record<EngineErrorReason, VarveErrorCode>> = {
  statement: 'VARVE_SQL',
  'query-statement': 'VARVE_SQL',
  assertion: 'VARVE_TIMEOUT',
  'push-query-limit': 'VARVE_BUSY',
  'registry-needed': 'VARVE_SQL',
  'command-timeout': 'VARVE_TIMEOUT',
  closed: 'VARVE_NOT_OPEN',
  terminated: 'VARVE_NOT_OPEN',
  degraded: 'VARVE_READ_ONLY',
  failed: 'VARVE_IO',
}

/** A statement that was not executed. What stood before it in the script was. */
export class EngineError extends VarveError {
  readonly reason: EngineErrorReason
  /** The statement at fault. */
  readonly statementText: string
  /** Answers of the statements that were executed before. */
  readonly entities: readonly StatementResult[]

  constructor(
    reason: EngineErrorReason,
    message: string,
    detail: {
      readonly statementText?: string
      readonly entities?: readonly StatementResult[]
      readonly cause?: unknown
    } = {},
  ) {
    super(codes[reason], message, 'cause' in detail ? { cause: detail.cause } : {})
    this.reason = reason
    this.statementText = detail.statementText ?? ''
    this.entities = detail.entities ?? []
  }
}
