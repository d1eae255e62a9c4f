import { DeserializationError, UnsupportedError } from '@varve/base'

import { readInt64, writeInt64, type Int64 } from '../bigint64.ts'
import type { RowSerdeContext } from '../row-serde-context.ts'
import type { Columns } from '../schema.ts'
import type { RowSerde } from '../serde.ts'
import { decodeText, encodeText } from '../text/bytes-text.ts'
import type { Row, Value } from '../value.ts'

interface Primitive {
  encode(value: Value): Uint8Array
  /** The same with `after` bytes left free at the end. */
  encodeBefore?(value: Value, after: number): Uint8Array
  decode(bytes: Uint8Array): Value
}

/** KAFKA: the bytes of Kafka's own primitive serialisers; one column, no more. */
export function createKafkaSerde(columns: Columns, context: RowSerdeContext): RowSerde {
  const column = columns[0]
  if (columns.length > 1)
    throw new UnsupportedError(
      `the KAFKA format does not support more than one ${context.side} column`,
    )
  const primitive = column === undefined ? undefined : primitiveOf(column.type.kind)
  if (column !== undefined && primitive === undefined)
    throw new UnsupportedError(`the KAFKA format does not support type ${column.type.kind}`)
  const encodeBefore = primitive?.encodeBefore
  return {
    serialize: (row) => {
      const value = row?.[0] ?? null
      return value === null || primitive === undefined ? null : primitive.encode(value)
    },
    ...(encodeBefore === undefined
      ? {}
      : {
          serializeBefore: (row: Row | null, after: number) => {
            const value = row?.[0] ?? null
            return value === null ? null : encodeBefore(value, after)
          },
        }),
    deserialize: (bytes) => {
      if (bytes === null) return null
      if (primitive === undefined) return []
      try {
        return [primitive.decode(bytes)]
      } catch (error) {
        throw new DeserializationError(`KAFKA: ${(error as Error).message}`, {
          topic: context.topic,
        })
      }
    },
    prepare: () => Promise.resolve(),
    ensureRegistered: () => Promise.resolve(),
  }
}

function primitiveOf(kind: string): Primitive | undefined {
  switch (kind) {
    case 'INTEGER':
      return {
        encode: (value) => {
          const bytes = new Uint8Array(4)
          new DataView(bytes.buffer).setInt32(0, value as number)
          return bytes
        },
        decode: (bytes) => view(bytes, 4, 'INTEGER').getInt32(0),
      }
    case 'BIGINT':
      return {
        encode: (value) => {
          const bytes = new Uint8Array(8)
          writeInt64(value as Int64, bytes, 0)
          return bytes
        },
        decode: (bytes) => {
          view(bytes, 8, 'BIGINT')
          return readInt64(bytes, 0)
        },
      }
    case 'DOUBLE':
      return {
        encode: (value) => {
          const bytes = new Uint8Array(8)
          new DataView(bytes.buffer).setFloat64(0, value as number)
          return bytes
        },
        decode: (bytes) => view(bytes, 8, 'DOUBLE').getFloat64(0),
      }
    case 'STRING':
      return {
        encode: (value) => encodeText(value as string),
        encodeBefore: (value, after) => encodeText(value as string, after),
        decode: decodeText,
      }
    case 'BYTES':
      return {
        encode: (value) => new Uint8Array(value as Uint8Array),
        decode: (bytes) => new Uint8Array(bytes),
      }
    default:
      return undefined
  }
}

function view(bytes: Uint8Array, length: number, kind: string): DataView {
  if (bytes.length !== length)
    throw new DeserializationError(`${kind} takes ${length} bytes, there are ${bytes.length}`)
  return new DataView(bytes.buffer, bytes.byteOffset, length)
}
