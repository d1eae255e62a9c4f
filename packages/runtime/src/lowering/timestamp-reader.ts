import { assert, UnsupportedError } from '@varve/base'
import type { SqlType, Value } from '@varve/serde'
import type { FunctionRegistry } from '@varve/sql'

/** Milliseconds since the epoch of a column's value; NaN where there is none. */
export type TimestampReader = (value: Value) => number

/**
 * Reads times from a column of this type.
 *
 * @throws UnsupportedError for a type that holds no time
 */
export function createTimestampReader(
  type: SqlType,
  format: string | undefined,
  functions: FunctionRegistry,
): TimestampReader {
  switch (type.kind) {
    case 'BIGINT':
    case 'TIMESTAMP':
      return (value) => (value === null ? NaN : Number(value))
    case 'STRING': {
      if (format === undefined) break
      const parse = patternParser(functions)
      return (value) => (value === null ? NaN : parse(value as string, format))
    }
    default:
      break
  }
  throw new UnsupportedError(`record time from a column of type ${type.kind}`)
}

/** TIMESTAMP_FORMAT means what the pattern of PARSE_TIMESTAMP means. A text that does not match it has no time. */
function patternParser(functions: FunctionRegistry): (text: string, pattern: string) => number {
  const overload = functions
    .scalar('PARSE_TIMESTAMP')
    ?.overloads.find((candidate) => candidate.parameters.length === 2)
  assert(overload?.evaluate !== undefined, 'the library has PARSE_TIMESTAMP(STRING, STRING)')
  const evaluate = overload.evaluate as (text: string, pattern: string) => Value
  return (text, pattern) => {
    try {
      return Number(evaluate(text, pattern))
    } catch {
      return NaN
    }
  }
}
