import { DeserializationError } from '@varve/base'
import type protobuf from 'protobufjs'

import { ColumnCollector, type ColumnInferenceOptions, type InferredColumns } from '../inference.ts'
import type { ResolvedReference } from '../registry/resolve-references.ts'
import { SqlTypes, type SqlType, type StructField } from '../sql-type.ts'
import {
  findMessage,
  messageChoices,
  messageFields,
  parseProtoFile,
  type ProtoField,
  type ProtoKind,
  type ProtoScalar,
} from './proto-schema.ts'

/** As for other formats; a message is never bare. */
export interface ProtobufInferenceOptions extends ColumnInferenceOptions {
  /** The message to take of several. Default: the first. */
  readonly fullName?: string
}

/**
 * Columns of a Protobuf schema, in the order of the message. Undefined when the file has no message of that name.
 *
 * @param schema - text of a .proto file
 * @throws DeserializationError when the text is no .proto file
 * @throws UnsupportedError when no column is left
 */
export function columnsFromProtobufSchema(
  schema: string,
  options: ProtobufInferenceOptions,
  references: readonly ResolvedReference[] = [],
): InferredColumns | undefined {
  const file = parseProtoFile(schema, references)
  const message = findMessage(file, options.fullName)
  if (message === undefined) {
    if (options.fullName !== undefined) return undefined
    throw new DeserializationError('the Protobuf schema has no message')
  }
  const collector = new ColumnCollector(options)
  collector.columns.push(...new Inference(collector).fields(message, ''))
  return collector.finish()
}

class Inference {
  readonly #collector: ColumnCollector
  readonly #open = new Set<protobuf.Type>()

  constructor(collector: ColumnCollector) {
    this.#collector = collector
  }

  /** A oneof comes first, as a struct of its members, named as Connect names it. */
  fields(message: protobuf.Type, path: string): StructField[] {
    const fields: StructField[] = []
    const add = (name: string, type: SqlType | undefined): void => {
      if (type !== undefined) fields.push({ name: this.#collector.name(name), type })
    }
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`)
    this.#open.add(message)
    for (const [i, choice] of messageChoices(message).entries()) {
      const name = `${choice.name}_${i}`
      const members: StructField[] = []
      for (const field of choice.fields) {
        const type = this.#field(field, at(`${name}.${field.name}`))
        if (type !== undefined) members.push({ name: this.#collector.name(field.name), type })
      }
      if (members.length > 0) add(name, { kind: 'STRUCT', fields: members })
    }
    for (const field of messageFields(message)) add(field.name, this.#field(field, at(field.name)))
    this.#open.delete(message)
    return fields
  }

  #field(field: ProtoField, path: string): SqlType | undefined {
    if (field.entry !== undefined) {
      const { key, value } = field.entry
      if (!isText(key.kind))
        return this.#collector.skip(path, 'is a map whose keys are not strings')
      const member = this.#field(value, `${path}{}`)
      return member && { kind: 'MAP', key: SqlTypes.STRING, value: member }
    }
    const type = this.#kind(field.kind, path)
    if (!field.repeated || type === undefined) return type
    return { kind: 'ARRAY', element: type }
  }

  #kind(kind: ProtoKind, path: string): SqlType | undefined {
    switch (kind.kind) {
      case 'scalar':
      case 'wrapper':
        return scalarType(kind.scalar)
      case 'enum':
        return SqlTypes.STRING
      case 'timestamp':
        return SqlTypes.TIMESTAMP
      case 'date':
        return SqlTypes.DATE
      case 'time':
        return SqlTypes.TIME
      case 'decimal':
        return { kind: 'DECIMAL', precision: kind.precision ?? 64, scale: kind.scale ?? 0 }
      case 'message': {
        if (this.#open.has(kind.type)) return this.#collector.skip(path, 'is recursive')
        const fields = this.fields(kind.type, path)
        return fields.length === 0
          ? this.#collector.skip(path, 'has no supported fields')
          : { kind: 'STRUCT', fields }
      }
    }
  }
}

/** Whether a map's keys of this kind are STRING. */
export function isText(kind: ProtoKind): boolean {
  return (kind.kind === 'scalar' || kind.kind === 'wrapper') && kind.scalar === 'string'
}

/** Unsigned 32-bit integers need 64 bits with a sign. */
function scalarType(scalar: ProtoScalar): SqlType {
  switch (scalar) {
    case 'double':
    case 'float':
      return SqlTypes.DOUBLE
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return SqlTypes.INTEGER
    case 'int64':
    case 'uint32':
    case 'uint64':
    case 'sint64':
    case 'fixed32':
    case 'fixed64':
    case 'sfixed64':
      return SqlTypes.BIGINT
    case 'bool':
      return SqlTypes.BOOLEAN
    case 'string':
      return SqlTypes.STRING
    case 'bytes':
      return SqlTypes.BYTES
  }
}
