import { DeserializationError, InvalidOptionError, SerializationError } from '@varve/base'

import type { RowSerdeContext } from '../row-serde-context.ts'
import { SchemaNotLoadedError } from '../errors.ts'
import { FRAME_SIZE, frameHeader, frameSchemaId } from '../registry/frame.ts'
import { onceRegistered } from '../registry/once-registered.ts'
import { loadAvroSchema } from '../registry/resolve-references.ts'
import type { SchemaRegistry } from '../registry/schema-registry.ts'
import { WriterSchemas } from '../registry/writer-schemas.ts'
import type { Columns, FormatSpec } from '../schema.ts'
import type { RowSerde } from '../serde.ts'
import type { Row } from '../value.ts'
import { isWrapped } from '../wrapping.ts'
import { AvroReader, AvroWriter } from './avro-bytes.ts'
import { compileAvroRowReader } from './avro-row-reader.ts'
import { compileAvroRowWriter } from './avro-row-writer.ts'
import { avroSchemaFromColumns } from './avro-schema-writer.ts'

/**
 * AVRO in Confluent's frame. Records are read by the schema they were written with, field by column name.
 *
 * The binary coding is our own: rows are read straight into arrays, with 64-bit integers exact and names that cannot disturb an object.
 */
export function createAvroSerde(
  spec: FormatSpec,
  columns: Columns,
  context: RowSerdeContext,
): RowSerde {
  if (context.registry === undefined)
    throw new InvalidOptionError('registry', 'the AVRO format needs a schema registry')
  return new AvroSerde(spec, columns, context, context.registry)
}

class AvroSerde implements RowSerde {
  readonly #columns: Columns
  readonly #wrapped: boolean
  readonly #registry: SchemaRegistry
  readonly #spec: FormatSpec
  readonly #topic: string
  readonly #subject: string
  readonly #schemaText: string
  readonly #readers: WriterSchemas<(reader: AvroReader) => Row | null>
  readonly #writer = new AvroWriter()
  #write: ((row: Row, writer: AvroWriter) => void) | undefined
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
    this.#wrapped = isWrapped(spec, columns, context.side)
    this.#registry = registry
    this.#topic = context.topic
    this.#readers = new WriterSchemas(registry, context.topic, async (registered) =>
      compileAvroRowReader(
        await loadAvroSchema(registry, registered),
        this.#columns,
        this.#wrapped,
      ),
    )
    this.#subject = `${context.topic}-${context.side}`
    this.#schemaText = avroSchemaFromColumns(columns, {
      side: context.side,
      wrap: this.#wrapped,
      sourceName: context.sourceName ?? context.topic,
      ...(spec.schemaFullName === undefined ? {} : { fullName: spec.schemaFullName }),
    })
  }

  serialize(row: Row | null): Uint8Array | null {
    if (row === null || (!this.#wrapped && (row[0] ?? null) === null)) return null
    if (this.#write === undefined)
      throw new SerializationError(`the schema of subject "${this.#subject}" is not registered yet`)
    const writer = this.#writer
    writer.reset()
    writer.writeFixed(this.#header)
    this.#write(row, writer)
    return writer.finish()
  }

  deserialize(bytes: Uint8Array | null): Row | null {
    if (bytes === null) return null
    try {
      const id = frameSchemaId(bytes)
      const read = this.#readers.get(id)
      if (read === undefined) throw new SchemaNotLoadedError(id)
      const reader = new AvroReader(bytes, FRAME_SIZE)
      const row = read(reader)
      reader.end()
      return row
    } catch (error) {
      if (!(error instanceof DeserializationError)) throw error
      throw new DeserializationError(error.message, { topic: this.#topic, cause: error })
    }
  }

  prepare(bytes: Uint8Array): Promise<void> {
    return this.#readers.prepare(bytes)
  }

  ensureRegistered(): Promise<void> {
    return this.#ensureRegistered()
  }

  async #register(): Promise<void> {
    const { schemaId } = this.#spec
    const definition =
      schemaId === undefined
        ? { schemaType: 'AVRO' as const, schema: this.#schemaText }
        : await this.#registry.schemaById(schemaId)
    const id = await this.#registry.register(this.#subject, definition)
    const schema = await loadAvroSchema(this.#registry, definition)
    this.#write = compileAvroRowWriter(schema, this.#columns, this.#wrapped)
    this.#header = frameHeader(schemaId ?? id)
  }
}
