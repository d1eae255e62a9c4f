import type { Int64 } from '../bigint64.ts'
import { AvroDecodeError, AvroReader } from './avro-bytes.ts'
import type { AvroSchema } from './avro-schema.ts'

/** A value as the writer's schema says, without logical types: records and maps are `Map`s in the order of the bytes, enums text. */
export type AvroValue =
  | null
  | boolean
  | Int64
  | string
  | Uint8Array
  | readonly AvroValue[]
  | ReadonlyMap<string, AvroValue>

/**
 * Decodes one whole value, from `start` to the end of the bytes.
 *
 * @throws AvroDecodeError
 */
export function decodeAvro(schema: AvroSchema, bytes: Uint8Array, start = 0): AvroValue {
  const reader = new AvroReader(bytes, start)
  const value = readAvro(schema, reader)
  reader.end()
  return value
}

/** Reads one value. @throws AvroDecodeError */
export function readAvro(schema: AvroSchema, reader: AvroReader): AvroValue {
  switch (schema.type) {
    case 'null':
      return null
    case 'boolean':
      return reader.readBoolean()
    case 'int':
      return reader.readInt()
    case 'long':
      return reader.readLong()
    case 'float':
      return reader.readFloat()
    case 'double':
      return reader.readDouble()
    case 'bytes':
      return reader.readBytes()
    case 'string':
      return reader.readString()
    case 'fixed':
      return reader.readFixed(schema.size)
    case 'enum': {
      const symbol = schema.symbols[reader.readInt()]
      if (symbol === undefined)
        throw new AvroDecodeError('invalid', `enum "${schema.name}" has no such symbol`)
      return symbol
    }
    case 'union':
      return readAvro(schema.branches[reader.readBranch(schema.branches.length)]!, reader)
    case 'array': {
      const elements: AvroValue[] = []
      reader.enter()
      reader.readBlocks(() => {
        elements.push(readAvro(schema.items, reader))
      })
      reader.leave()
      return elements
    }
    case 'map': {
      const entries = new Map<string, AvroValue>()
      reader.enter()
      reader.readBlocks(() => {
        entries.set(reader.readString(), readAvro(schema.values, reader))
      })
      reader.leave()
      return entries
    }
    case 'record': {
      const fields = new Map<string, AvroValue>()
      reader.enter()
      for (const field of schema.fields) fields.set(field.name, readAvro(field.schema, reader))
      reader.leave()
      return fields
    }
  }
}
