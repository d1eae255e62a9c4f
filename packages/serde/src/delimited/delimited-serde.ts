import { DeserializationError, InvalidOptionError, UnsupportedError } from '@varve/base'

import { parseInt64 } from '../bigint64.ts'
import type { RowSerdeContext } from '../row-serde-context.ts'
import { fitDecimal, formatDecimal, parseDecimal, requireDecimal } from '../decimal.ts'
import type { Columns, FormatSpec } from '../schema.ts'
import type { RowSerde } from '../serde.ts'
import type { SqlType } from '../sql-type.ts'
import { decodeText, encodeText, formatBase64, parseBase64 } from '../text/bytes-text.ts'
import { formatDouble, parseDouble, parseInt32 } from '../text/double-text.ts'
import type { Decimal, Value } from '../value.ts'
import { formatCsvLine, parseCsvLine } from './csv-line.ts'

/** DELIMITED: one line of separated values, primitives only. Empty text reads as null. */
export function createDelimitedSerde(
  spec: FormatSpec,
  columns: Columns,
  context: RowSerdeContext,
): RowSerde {
  const delimiter = delimiterOf(spec.delimiter)
  if (spec.wrap === true)
    throw new InvalidOptionError('wrap', 'the DELIMITED format cannot wrap single values')
  for (const column of columns) {
    const { kind } = column.type
    if (kind === 'ARRAY' || kind === 'MAP' || kind === 'STRUCT')
      throw new UnsupportedError(
        `the DELIMITED format does not support type ${kind} of column "${column.name}"`,
      )
  }
  return {
    serialize: (row) => {
      if (row === null) return null
      if (context.side === 'key' && columns.length === 1 && row[0] === null) return null
      return encodeText(
        formatCsvLine(
          columns.map((column, i) => format(column.type, row[i] ?? null)),
          delimiter,
        ),
      )
    },
    deserialize: (bytes) => {
      if (bytes === null) return null
      try {
        const fields = parseCsvLine(decodeText(bytes), delimiter)
        if (fields.length !== columns.length)
          throw new DeserializationError(
            `unexpected field count, ${columns.length} columns and ${fields.length} fields`,
          )
        return columns.map((column, i) => {
          const value = parse(column.type, fields[i]!)
          if (value === undefined)
            throw new DeserializationError(
              `field "${column.name}": ${JSON.stringify(fields[i]!.slice(0, 100))} cannot be read as ${column.type.kind}`,
            )
          return value
        })
      } catch (error) {
        if (!(error instanceof DeserializationError)) throw error
        throw new DeserializationError(`DELIMITED: ${error.message}`, { topic: context.topic })
      }
    },
    prepare: () => Promise.resolve(),
    ensureRegistered: () => Promise.resolve(),
  }
}

function delimiterOf(name: string | undefined): string {
  switch (name?.toUpperCase()) {
    case undefined:
      return ','
    case 'TAB':
      return '\t'
    case 'SPACE':
      return ' '
    default:
      if (name!.length !== 1)
        throw new InvalidOptionError('delimiter', `"${name}" is not one character, TAB or SPACE`)
      return name!
  }
}

function format(type: SqlType, value: Value): string | null {
  if (value === null) return null
  switch (type.kind) {
    case 'STRING':
      return value as string
    case 'DOUBLE':
      return formatDouble(value as number)
    case 'DECIMAL':
      return formatDecimal(requireDecimal(value as Decimal, type.precision, type.scale))
    case 'BYTES':
      return formatBase64(value as Uint8Array)
    default:
      return String(value as number)
  }
}

function parse(type: SqlType, text: string): Value | undefined {
  if (text === '') return null
  switch (type.kind) {
    case 'STRING':
      return text
    case 'BOOLEAN':
      return text.trim().toLowerCase() === 'true'
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      return parseInt32(text.trim())
    case 'BIGINT':
    case 'TIMESTAMP':
      return parseInt64(text.trim())
    case 'DOUBLE':
      return parseDouble(text)
    case 'DECIMAL': {
      const decimal = parseDecimal(text.trim())
      return decimal === undefined ? undefined : fitDecimal(decimal, type.precision, type.scale)
    }
    case 'BYTES':
      return parseBase64(text)
    default:
      return undefined
  }
}
