import { DeserializationError } from '@varve/base'

import { SchemaRegistryError } from '../errors.ts'
import { frameSchemaId } from './frame.ts'
import type { RegisteredSchema, SchemaRegistry } from './schema-registry.ts'

/** Writer schemas kept per topic side; the oldest goes when there are more. */
const MAX_WRITER_SCHEMAS = 1000

/** What a serde made of the schemas that records name by id in Confluent's frame. */
export class WriterSchemas<T> {
  readonly #registry: SchemaRegistry
  readonly #topic: string
  readonly #compile: (registered: RegisteredSchema) => Promise<T>
  readonly #known = new Map<number, T>()

  constructor(
    registry: SchemaRegistry,
    topic: string,
    compile: (registered: RegisteredSchema) => Promise<T>,
  ) {
    this.#registry = registry
    this.#topic = topic
    this.#compile = compile
  }

  /** `undefined` until {@link prepare} has fetched it. */
  get(id: number): T | undefined {
    return this.#known.get(id)
  }

  /** Fetches the schema that the frame names; does nothing for bytes without a frame. @throws DeserializationError when there is none of that id */
  async prepare(bytes: Uint8Array): Promise<void> {
    let id: number
    try {
      id = frameSchemaId(bytes)
    } catch {
      return // deserialize says what is wrong with these bytes
    }
    if (this.#known.has(id)) return
    try {
      const compiled = await this.#compile(await this.#registry.schemaById(id))
      if (this.#known.size >= MAX_WRITER_SCHEMAS)
        this.#known.delete(this.#known.keys().next().value!)
      this.#known.set(id, compiled)
    } catch (error) {
      // An id the registry does not know is a fault of the record; anything else is one of the registry.
      if (error instanceof SchemaRegistryError && error.status === 404)
        throw new DeserializationError(`the registry has no schema ${id}`, {
          topic: this.#topic,
          cause: error,
        })
      throw error
    }
  }
}
