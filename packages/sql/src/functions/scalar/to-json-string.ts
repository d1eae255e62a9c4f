import {
  formatBase64,
  formatDecimal,
  formatDouble,
  type Decimal,
  type SqlType,
  type Value,
} from '@varve/serde'

import { formatDate, formatTime, formatTimestamp } from '../../expression/cast/time-text.ts'
import type { ScalarFunction } from '../function.ts'

/** TO_JSON_STRING: members in order of their names, times in ISO form, BYTES in base64; null gives `null`. */
export const toJsonString: ScalarFunction = {
  kind: 'scalar',
  name: 'TO_JSON_STRING',
  category: 'JSON',
  description: 'A value of any type as JSON.',
  overloads: [
    {
      parameters: [{ name: 'value', type: 'T' }],
      returns: 'STRING',
      nulls: 'call',
      bind: ({ argumentTypes }) => writer(argumentTypes[0]!),
    },
  ],
}

type Write = (value: Value) => string

function writer(type: SqlType): Write {
  const write = present(type)
  return (value) => (value === null ? 'null' : write(value))
}

function present(type: SqlType): (value: NonNullable<Value>) => string {
  switch (type.kind) {
    case 'STRING':
      return (value) => JSON.stringify(value)
    case 'DOUBLE':
      return (value) => {
        const text = formatDouble(value as number)
        return Number.isFinite(value) ? text : `"${text}"`
      }
    case 'DECIMAL':
      return (value) => formatDecimal(value as Decimal)
    case 'BYTES':
      return (value) => `"${formatBase64(value as Uint8Array)}"`
    case 'DATE':
      return (value) => `"${formatDate(value as number)}"`
    case 'TIME':
      return (value) => `"${formatTime(value as number)}"`
    case 'TIMESTAMP':
      return (value) => `"${formatTimestamp(value as number)}"`
    case 'ARRAY': {
      const element = writer(type.element)
      return (value) => `[${(value as readonly Value[]).map(element).join(',')}]`
    }
    case 'MAP': {
      const item = writer(type.value)
      return (value) =>
        object([...(value as ReadonlyMap<Value, Value>)].map(([k, v]) => [String(k), item(v)]))
    }
    case 'STRUCT': {
      const fields = type.fields.map((field) => ({ name: field.name, write: writer(field.type) }))
      return (value) =>
        object(
          fields.map(({ name, write }, i) => [name, write((value as readonly Value[])[i] ?? null)]),
        )
    }
    default:
      return (value) => String(value as boolean | number | bigint)
  }
}

function object(members: readonly (readonly [string, string])[]): string {
  const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}
