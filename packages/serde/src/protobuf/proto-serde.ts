import { DeserializationError, InvalidOptionError, SerializationError } from '@varve/base'
import type protobuf from 'protobufjs'

import { SchemaNotLoadedError } from '../errors.ts'
import { FRAME_SIZE, frameHeader, frameSchemaId } from '../registry/frame.ts'
import { onceRegistered } from '../registry/once-registered.ts'
import { resolveReferences } from '../registry/resolve-references.ts'
import type { SchemaDefinition, SchemaRegistry } from '../registry/schema-registry.ts'
import { WriterSchemas } from '../registry/writer-schemas.ts'
import type { RowSerdeContext } from '../row-serde-context.ts'
import type { Columns, FormatSpec } from '../schema.ts'
import type { RowSerde } from '../serde.ts'
import type { Row } from '../value.ts'
import { messageAt, messagePathBytes, readMessagePath } from './proto-frame.ts'
import { compileProtobufRowReader } from './proto-row-reader.ts'
import { compileProtobufRowWriter } from './proto-row-writer.ts'
import { protobufSchemaFromColumns } from './proto-schema-writer.ts'
import { findMessage, parseProtoFile, type ProtoFile } from './proto-schema.ts'
import { ProtoReader, ProtoWriter } from './proto-wire.ts'

/**
 * PROTOBUF in Confluent's frame: the schema's id, the path of the message in its file, the message. Records are read by the message they
 * were written with, field by column name.
 *
 * The binary coding is our own: rows are read straight into arrays, with 64-bit integers exact, and no code is generated at run time.
 */
export function createProtobufSerde(
  spec: FormatSpec,
  columns: Columns,
  context: RowSerdeContext,
): RowSerde {
  if (context.registry === undefined)
    throw new InvalidOptionError('registry', 'the PROTOBUF format needs a schema registry')
  if (spec.wrap === false)
    throw new InvalidOptionError('wrap', 'the PROTOBUF format holds columns in a message only')
  return new ProtobufSerde(spec, columns, context, context.registry)
}

/** PROTOBUF_NOSR: the bare message of the schema that the columns stand for. */
export function createBareProtobufSerde(
  spec: FormatSpec,
  columns: Columns,
  { topic }: RowSerdeContext,
): RowSerde {
  const message = requireMessage(parseProtoFile(schemaOf(spec, columns)), undefined)
  const read = compileProtobufRowReader(message, columns)
  const write = compileProtobufRowWriter(message, columns)
  const writer = new ProtoWriter()
  const bare = spec.wrap === false
  return {
    serialize: (row) => {
      if (row === null || (bare && (row[0] ?? null) === null)) return null
      writer.reset()
      write(row, writer)
      return writer.finish()
    },
    deserialize: (bytes) => {
      if (bytes === null) return null
      return locating(topic, () => read(new ProtoReader(bytes)))
    },
    prepare: () => Promise.resolve(),
    ensureRegistered: () => Promise.resolve(),
  }
}

function schemaOf(spec: FormatSpec, columns: Columns): string {
  return protobufSchemaFromColumns(columns, {
    ...(spec.schemaFullName === undefined ? {} : { fullName: spec.schemaFullName }),
    ...(spec.nullable === undefined ? {} : { nullable: spec.nullable }),
  })
}

function requireMessage(file: ProtoFile, fullName: string | undefined): protobuf.Type {
  const message = findMessage(file, fullName)
  if (message === undefined)
    throw new SerializationError(
      `the Protobuf schema has no message${fullName === undefined ? '' : ` "${fullName}"`}`,
    )
  return message
}

/** Says which topic the bytes came from. */
function locating<T>(topic: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DeserializationError)) throw error
    throw new DeserializationError(error.message, { topic, cause: error })
  }
}

/** Readers of one schema, by the path of the message. */
interface LoadedFile {
  readonly file: ProtoFile
  readonly readers: Map<string, (reader: ProtoReader) => Row>
}

class ProtobufSerde implements RowSerde {
  readonly #columns: Columns
  readonly #registry: SchemaRegistry
  readonly #spec: FormatSpec
  readonly #topic: string
  readonly #subject: string
  readonly #schemaText: string
  readonly #files: WriterSchemas<LoadedFile>
  readonly #writer = new ProtoWriter()
  #write: ((row: Row, writer: ProtoWriter) => void) | undefined
  #header: Uint8Array = frameHeader(0)
  readonly #ensureRegistered = onceRegistered(() => this.#register())

  constructor(
    spec: FormatSpec,
    columns: Columns,
    context: RowSerdeContext,
    registry: SchemaRegistry,
  ) {
    this.#spec = spec
    this.#columns = columns
    this.#registry = registry
    this.#topic = context.topic
    this.#files = new WriterSchemas(registry, context.topic, async (registered) => ({
      file: await this.#load(registered),
      readers: new Map(),
    }))
    this.#subject = `${context.topic}-${context.side}`
    this.#schemaText = schemaOf(spec, columns)
  }

  serialize(row: Row | null): Uint8Array | null {
    if (row === null) return null
    if (this.#write === undefined)
      throw new SerializationError(`the schema of subject "${this.#subject}" is not registered yet`)
    const writer = this.#writer
    writer.reset()
    writer.writeRaw(this.#header)
    this.#write(row, writer)
    return writer.finish()
  }

  deserialize(bytes: Uint8Array | null): Row | null {
    if (bytes === null) return null
    return locating(this.#topic, () => {
      const id = frameSchemaId(bytes)
      const loaded = this.#files.get(id)
      if (loaded === undefined) throw new SchemaNotLoadedError(id)
      const { path, end } = readMessagePath(bytes, FRAME_SIZE)
      return this.#reader(loaded, path)(new ProtoReader(bytes, end))
    })
  }

  prepare(bytes: Uint8Array): Promise<void> {
    return this.#files.prepare(bytes)
  }

  ensureRegistered(): Promise<void> {
    return this.#ensureRegistered()
  }

  #reader({ file, readers }: LoadedFile, path: readonly number[]): (reader: ProtoReader) => Row {
    const key = path.join('.')
    const known = readers.get(key)
    if (known !== undefined) return known
    const message = messageAt(file, path)
    if (message === undefined)
      throw new DeserializationError(`the Protobuf schema has no message at path ${key}`)
    const read = compileProtobufRowReader(message, this.#columns)
    readers.set(key, read)
    return read
  }

  async #register(): Promise<void> {
    const { schemaId, schemaFullName } = this.#spec
    const definition: SchemaDefinition =
      schemaId === undefined
        ? { schemaType: 'PROTOBUF', schema: this.#schemaText }
        : await this.#registry.schemaById(schemaId)
    const file = await this.#load(definition)
    const message = requireMessage(file, schemaFullName)
    const write = compileProtobufRowWriter(message, this.#columns)
    const id = await this.#registry.register(this.#subject, definition)
    const header = frameHeader(schemaId ?? id)
    this.#header = Uint8Array.of(...header, ...messagePathBytes(file, message))
    this.#write = write
  }

  async #load(definition: SchemaDefinition): Promise<ProtoFile> {
    if (definition.schemaType !== 'PROTOBUF')
      throw new DeserializationError(
        `the schema is of type ${definition.schemaType}, not PROTOBUF`,
        { topic: this.#topic },
      )
    const references = await resolveReferences(this.#registry, definition)
    return parseProtoFile(definition.schema, references)
  }
}
