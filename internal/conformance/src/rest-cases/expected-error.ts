import { messageOf } from '@varve/base'

import { formatJson, JsonNumber, JsonObject } from '../json/json-value.ts'
import { RestError } from './rest-client.ts'

/** Why a refusal is not the one expected; `undefined` when it is. */
export function errorDifference(
  expected: JsonObject,
  error: unknown,
  lastStatement: string,
): string | undefined {
  if (!(error instanceof RestError)) {
    return `error: expected ${formatJson(expected)}, got ${messageOf(error)}`
  }
  const { body, status } = error
  const got = `got status ${status} ${formatJson(body)}`
  const wantedStatus = expected.get('status')
  if (wantedStatus instanceof JsonNumber && wantedStatus.text !== String(status)) {
    return `error: expected status ${wantedStatus.text}, ${got}`
  }
  const message = expected.get('message')
  if (typeof message === 'string' && !error.message.includes(message)) {
    return `error: expected the message ${JSON.stringify(message)}, ${got}`
  }
  const type = expected.get('type')
  if (typeof type !== 'string' || !type.endsWith('.KsqlStatementErrorMessage')) return undefined
  if (!(body instanceof JsonObject) || body.get('@type') !== 'statement_error') {
    return `error: expected an error of a statement, ${got}`
  }
  return body.get('statementText') === lastStatement
    ? undefined
    : `error: expected the statement ${JSON.stringify(lastStatement)}, ${got}`
}
