import type { Session } from '../engine/session.ts'
import type { VariableValue } from '../engine/query-types.ts'

/** Variables in the form that the parser substitutes: each the text of one token. */
export function variableTexts(
  session: Session,
  bound: Readonly<Record<string, VariableValue>> = {},
): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [name, value] of session.variables) texts[name] = String(value)
  for (const [name, value] of Object.entries(bound)) texts[name.toUpperCase()] = literalText(value)
  return texts
}

/** A value as one SQL literal. */
function literalText(value: VariableValue): string {
  switch (typeof value) {
    case 'string':
      return `'${value.replaceAll("'", "''")}'`
    case 'number':
      return Number.isInteger(value) ? String(value) : value.toExponential()
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      return 'NULL'
  }
}
