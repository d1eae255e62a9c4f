import {
  loadAvroSchema,
  parseBase64,
  parseLosslessJson,
  parseProtoFile,
  resolveReferences,
  SchemaNotLoadedError,
  SchemaRegistryError,
  type LosslessJson,
  type ProtoFile,
  type RegisteredSchema,
  type SchemaRegistry,
} from '@varve/serde'
import { isVarveError, UnsupportedError } from '@varve/base'

import type { Change, ChangeRecord } from './change.ts'
import { connectSchemaFromAvro } from './connect/connect-avro.ts'
import { connectSchemaFromJsonSchema } from './connect/connect-json-schema.ts'
import {
  compileConnectMessage,
  compileNamedMessage,
  type ConnectMessage,
} from './connect/connect-protobuf.ts'
import { fieldSchema, parseConnectSchema } from './connect/connect-schema.ts'
import { asInteger, asObject } from './connect/raw.ts'
import { decodeWith, prepareOptions, type PreparedOptions } from './decode-change.ts'
import { ChangeDecodeError } from './errors.ts'
import type { ChangeDecoderOptions } from './options.ts'
import { compileAvro } from './record/avro-reader.ts'
import { readFrame, refKey, type SchemaRef } from './record/frame.ts'
import { KnownConnectors } from './shapes/known-connectors.ts'
import type { WriterSchema } from './record/payload.ts'

/** Schemas kept; the oldest goes when there are more. */
const MAX_SCHEMAS = 10_000

/**
 * Decodes the records of topics whose schemas are in a registry (or not). Decoding is synchronous: {@link prepare} fetches first what it needs.
 *
 * @example
 * ```ts
 * const decoder = new ChangeDecoder({ registry: new SchemaRegistryClient({ url }) })
 * await decoder.prepare(record)
 * const change = decoder.decode(record)
 * ```
 */
export class ChangeDecoder {
  readonly #prepared: PreparedOptions
  readonly #registry: SchemaRegistry | undefined
  /** Undefined where the connector is told. */
  readonly #connectors: KnownConnectors | undefined
  readonly #schemas = new Map<string, WriterSchema | ChangeDecodeError>()
  /** Those of them that were looked up, by their ids alone. */
  readonly #used = new Map<number, WriterSchema>()

  /** @throws InvalidOptionError for an unknown column type */
  constructor(options: ChangeDecoderOptions & { readonly registry?: SchemaRegistry } = {}) {
    const { registry, ...rest } = options
    this.#prepared = prepareOptions(rest)
    this.#registry = registry
    this.#connectors = rest.connector === undefined ? new KnownConnectors() : undefined
  }

  /**
   * Fetches the schemas that the record names, unless they are here. A schema that the registry does not have is an error of {@link decode}.
   *
   * @throws SchemaRegistryError when the registry does not answer
   */
  async prepare(record: ChangeRecord): Promise<void> {
    for (const side of ['key', 'value'] as const) {
      const refs = this.#refsOf(record, side)
      for (const ref of refs) await this.#loadOnce(ref)
      const data = side === 'value' ? this.#framedData(record, refs[0]) : undefined
      if (data === undefined) continue
      const inner = this.#refsOf({ key: null, value: data }, 'value')
      for (const ref of inner) await this.#loadOnce(ref)
    }
  }

  async #loadOnce(ref: SchemaRef): Promise<void> {
    if (this.#schemas.has(refKey(ref))) return
    const schema = await this.#load(ref)
    if (this.#schemas.size >= MAX_SCHEMAS) {
      this.#schemas.delete(this.#schemas.keys().next().value!)
      this.#used.clear()
    }
    this.#schemas.set(refKey(ref), schema)
  }

  /** The data of a CloudEvent in Avro, where it is framed on its own. Its schema is known only after the event's. */
  #framedData(record: ChangeRecord, ref: SchemaRef | undefined): Uint8Array | undefined {
    const schema = ref === undefined ? undefined : this.#schemas.get(refKey(ref))
    if (schema instanceof ChangeDecodeError || schema?.type !== 'AVRO') return undefined
    if (fieldSchema(schema.connect, 'specversion') === undefined) return undefined
    if (fieldSchema(schema.connect, 'data')?.type !== 'bytes') return undefined
    try {
      const frame = readFrame(record, 'value', this.#prepared.options)
      const data =
        frame === undefined ? undefined : asObject(schema.read(frame.payload, 0))?.get('data')
      return data instanceof Uint8Array ? data : undefined
    } catch (error) {
      if (isVarveError(error)) return undefined // decode says what is wrong
      throw error
    }
  }

  /**
   * @throws ChangeDecodeError when the record is no change event
   * @throws SchemaNotLoadedError when {@link prepare} did not see a schema that the record names
   * @throws UnsupportedError for connectors and shapes that are not handled
   */
  decode(record: ChangeRecord): Change {
    const change = decodeWith(record, this.#prepared, this.#lookup)
    return this.#connectors === undefined ? change : this.#connectors.complete(change)
  }

  readonly #lookup = (ref: SchemaRef): WriterSchema => {
    const known = ref.kind === 'id' ? this.#used.get(ref.id) : undefined
    if (known !== undefined) return known
    const schema = this.#schemas.get(refKey(ref))
    if (schema === undefined) throw new SchemaNotLoadedError(ref.kind === 'id' ? ref.id : -1)
    if (schema instanceof ChangeDecodeError) throw schema
    if (ref.kind === 'id') this.#used.set(ref.id, schema)
    return schema
  }

  #refsOf(record: ChangeRecord, side: 'key' | 'value'): readonly SchemaRef[] {
    const bytes = record[side]
    if (bytes === null || this.#prepared.options.format === 'json') return []
    try {
      const frame = readFrame(record, side, this.#prepared.options)
      if (frame !== undefined) return [frame.ref]
      const embedded = embeddedRef(bytes, this.#prepared.options)
      return embedded === undefined ? [] : [embedded]
    } catch (error) {
      if (isVarveError(error)) return [] // decode says what is wrong
      throw error
    }
  }

  async #load(ref: SchemaRef): Promise<WriterSchema | ChangeDecodeError> {
    const registry = this.#registry
    if (registry === undefined)
      return new ChangeDecodeError('schema-not-found', `there is no registry for ${refKey(ref)}`)
    let registered: RegisteredSchema
    try {
      registered = await (ref.kind === 'id'
        ? registry.schemaById(ref.id)
        : registry.schemaByGuid(ref.guid))
    } catch (cause) {
      if (!(cause instanceof SchemaRegistryError) || cause.status !== 404) throw cause
      return new ChangeDecodeError('schema-not-found', `the registry has no ${refKey(ref)}`, {
        cause,
      })
    }
    if (registered.schemaType === 'AVRO') {
      const avro = await loadAvroSchema(registry, registered)
      return { type: 'AVRO', read: compileAvro(avro), connect: connectSchemaFromAvro(avro) }
    }
    if (registered.schemaType === 'PROTOBUF') {
      const file = parseProtoFile(registered.schema, await resolveReferences(registry, registered))
      return { type: 'PROTOBUF', ...cachedMessages(file) }
    }
    if (registered.schemaType === 'JSON')
      return { type: 'CONNECT', connect: connectSchemaFromJsonSchema(parseSchema(registered)) }
    // Apicurio's own type beside those of Confluent.
    if ((registered.schemaType as string) === 'KCONNECT')
      return { type: 'CONNECT', connect: parseConnectSchema(parseSchema(registered)) }
    throw new UnsupportedError(`schemas of type ${String(registered.schemaType)} are not supported`)
  }
}

/** Messages of a file are compiled when they are first met; there are no more of them than the file declares. */
function cachedMessages(
  file: ProtoFile,
): Omit<Extract<WriterSchema, { readonly type: 'PROTOBUF' }>, 'type'> {
  const messages = new Map<string, ConnectMessage>()
  const cached = (key: string, compile: () => ConnectMessage): ConnectMessage => {
    let message = messages.get(key)
    if (message === undefined) {
      message = compile()
      messages.set(key, message)
    }
    return message
  }
  return {
    message: (path) => cached(path.join('.'), () => compileConnectMessage(file, path)),
    messageOf: (name) => cached(`name ${name}`, () => compileNamedMessage(file, name)),
  }
}

/** @throws ChangeDecodeError for a schema that is no JSON */
function parseSchema(registered: RegisteredSchema): LosslessJson {
  try {
    return parseLosslessJson(registered.schema)
  } catch (cause) {
    throw new ChangeDecodeError('invalid-json', 'the registered schema is no JSON', { cause })
  }
}

/** A schema id inside JSON: Apicurio's `{"schemaId": n, "payload": …}`, or framed data in a CloudEvent. A quick look decides for all other JSON. */
function embeddedRef(bytes: Uint8Array, options: ChangeDecoderOptions): SchemaRef | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (!buffer.includes('"schemaId"') && !buffer.includes('"specversion"')) return undefined
  const object = asObject(parseLosslessJson(new TextDecoder().decode(bytes)))
  const id = asInteger(object?.get('schemaId'))
  if (object?.size === 2 && id !== undefined) return { kind: 'id', id: Number(id) }
  const data = object?.has('specversion') === true ? object.get('data') : undefined
  const framed = typeof data === 'string' ? parseBase64(data) : undefined
  if (framed === undefined) return undefined
  return readFrame({ key: null, value: framed }, 'value', options)?.ref
}
