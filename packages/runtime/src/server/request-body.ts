import type { VariableValue } from '../engine/query-types.ts'
import { Session, type PropertyValue } from '../engine/session.ts'
import { ErrorCode, HttpError } from './http-error.ts'

/** The text of a statement field. @throws HttpError 40000 when it is missing */
export function requireText(body: Record<string, unknown>, name: string): string {
  const value = body[name]
  if (typeof value !== 'string') {
    throw new HttpError(ErrorCode.badRequest, `No "${name}" field of type string in the request`)
  }
  return value
}

/** A session of its own for one request: its properties and variables, which SET and DEFINE change until it ends. */
export function requestSession(body: Record<string, unknown>, propertiesField: string): Session {
  const session = new Session()
  for (const [name, value] of Object.entries(requireObject(body, propertiesField))) {
    session.setProperty(name, requireScalar(name, value))
  }
  for (const [name, value] of Object.entries(requireObject(body, 'sessionVariables'))) {
    session.setVariable(name, requireScalar(name, value) as VariableValue)
  }
  return session
}

function requireObject(body: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = body[name] ?? {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new HttpError(ErrorCode.badRequest, `Field "${name}" must be an object`)
  }
  return value as Record<string, unknown>
}

function requireScalar(name: string, value: unknown): PropertyValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value
  }
  throw new HttpError(
    ErrorCode.badRequest,
    `Value of "${name}" must be a string, number or boolean`,
  )
}
