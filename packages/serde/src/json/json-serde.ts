import { DeserializationError, UnsupportedError } from '@varve/base'

import type { RowSerdeContext } from '../row-serde-context.ts'
import type { Columns, FormatSpec } from '../schema.ts'
import type { RowSerde } from '../serde.ts'
import type { SqlType } from '../sql-type.ts'
import { decodeText, encodeText } from '../text/bytes-text.ts'
import type { Row, Value } from '../value.ts'
import { isWrapped } from '../wrapping.ts'
import { compileJsonReader, compileMembers, isObject, NeedsLossless } from './json-reader.ts'
import { compileJsonWriter, compileMemberWriter } from './json-writer.ts'
import { hasLongDigits } from './long-digits.ts'
import { parseLosslessJson } from './lossless-json.ts'

/** JSON: an object of the columns, or the bare value of a single unwrapped one. */
export function createJsonSerde(
  spec: FormatSpec,
  columns: Columns,
  context: RowSerdeContext,
): RowSerde {
  for (const column of columns) checkType(column.type, column.name)
  const body = createJsonBody(isWrapped(spec, columns, context.side), columns, context.topic)
  return {
    serialize: (row) => {
      const text = row === null ? null : body.write(row)
      return text === null ? null : encodeText(text)
    },
    deserialize: (bytes) => (bytes === null ? null : body.read(decodeText(bytes))),
    prepare: () => Promise.resolve(),
    ensureRegistered: () => Promise.resolve(),
  }
}

/** JSON text ↔ row, without framing. */
export interface JsonBody {
  write(row: Row): string | null
  read(text: string): Row | null
}

/** The part that JSON and JSON_SR share. */
export function createJsonBody(wrapped: boolean, columns: Columns, topic: string): JsonBody {
  const members = compileMembers(columns)
  const writeMembers = compileMemberWriter(columns)
  const single = wrapped ? undefined : columns[0]
  const readSingle = single === undefined ? undefined : compileJsonReader(single.type)
  const writeSingle = single === undefined ? undefined : compileJsonWriter(single.type)
  const toRow = (json: unknown): Row | null => {
    if (json === null) return null
    if (readSingle !== undefined) return [readSingle(json)]
    if (isObject(json)) return members(json)
    throw new DeserializationError('the document is not a JSON object')
  }
  return {
    write: (row) => {
      if (writeSingle === undefined) return writeMembers(row)
      const value: Value = row[0] ?? null
      return value === null ? null : writeSingle(value)
    },
    read: (text) => {
      try {
        if (!hasLongDigits(text)) {
          try {
            return toRow(parseJson(text))
          } catch (error) {
            if (error !== NeedsLossless) throw error
          }
        }
        return toRow(parseLosslessJson(text))
      } catch (error) {
        if (!(error instanceof DeserializationError)) throw error
        throw new DeserializationError(`JSON: ${error.message}`, { topic, cause: error.cause })
      }
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DeserializationError((cause as Error).message, { cause })
  }
}

function checkType(type: SqlType, column: string): void {
  switch (type.kind) {
    case 'MAP':
      if (type.key.kind !== 'STRING')
        throw new UnsupportedError(
          `column "${column}": JSON only supports MAP types with STRING keys`,
        )
      checkType(type.value, column)
      return
    case 'ARRAY':
      checkType(type.element, column)
      return
    case 'STRUCT':
      for (const field of type.fields) checkType(field.type, column)
      return
    default:
  }
}
