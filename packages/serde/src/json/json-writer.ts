import { SerializationError } from '@varve/base'

import { formatDecimal } from '../decimal.ts'
import type { SqlType } from '../sql-type.ts'
import { formatBase64 } from '../text/bytes-text.ts'
import { formatDouble } from '../text/double-text.ts'
import type { Decimal, Value } from '../value.ts'

/** JSON text of a value of one type. */
export type JsonWriter = (value: Value) => string

/** Writer of one type: nulls included, DECIMAL with all digits of its value, DOUBLE as Java prints it, times as integers, BYTES as base64. */
export function compileJsonWriter(type: SqlType): JsonWriter {
  const write = compile(type)
  return (value) => (value === null || value === undefined ? 'null' : write(value))
}

function compile(type: SqlType): JsonWriter {
  switch (type.kind) {
    case 'BOOLEAN':
    case 'INTEGER':
    case 'BIGINT':
    case 'TIME':
    case 'DATE':
    case 'TIMESTAMP':
      return (value) => String(value as number)
    case 'DOUBLE':
      return (value) =>
        Number.isFinite(value)
          ? formatDouble(value as number)
          : `"${formatDouble(value as number)}"`
    case 'DECIMAL':
      // As the value is: those of GREATEST and LEAST keep the scale of their argument, a rounded one may have a digit more than its type.
      return (value) => formatDecimal(value as Decimal)
    case 'STRING':
      return (value) => quoteJson(value as string)
    case 'BYTES':
      return (value) => `"${formatBase64(value as Uint8Array)}"`
    case 'ARRAY': {
      const element = compileJsonWriter(type.element)
      return (value) => `[${(value as readonly Value[]).map(element).join(',')}]`
    }
    case 'MAP': {
      const member = compileJsonWriter(type.value)
      return (value) => {
        let text = ''
        for (const [key, entry] of value as ReadonlyMap<Value, Value>) {
          if (typeof key !== 'string')
            throw new SerializationError('a map written as JSON needs keys of type STRING')
          text += `${text === '' ? '' : ','}${quoteJson(key)}:${member(entry)}`
        }
        return `{${text}}`
      }
    }
    case 'STRUCT': {
      const members = compileMemberWriter(type.fields)
      return (value) => members(value as readonly Value[])
    }
  }
}

/** Writer of an array in field order as an object, every field included. */
export function compileMemberWriter(
  fields: readonly { readonly name: string; readonly type: SqlType }[],
): (values: readonly Value[]) => string {
  const writers = fields.map((field) => compileJsonWriter(field.type))
  const prefixes = fields.map((field, i) => `${i === 0 ? '{' : ','}${JSON.stringify(field.name)}:`)
  if (fields.length === 0) return () => '{}'
  return (values) => {
    let text = ''
    for (let i = 0; i < writers.length; i++) text += prefixes[i]! + writers[i]!(values[i] ?? null)
    return text + '}'
  }
}

// Quote, backslash, controls and surrogates: what JSON.stringify has to look at.
// oxlint-disable-next-line no-control-regex
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/

function quoteJson(text: string): string {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`
}
