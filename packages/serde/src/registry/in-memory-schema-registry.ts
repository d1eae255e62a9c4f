import { createHash } from 'node:crypto'

import { isVarveError } from '@varve/base'

import { parseAvroSchema, type AvroSchema } from '../avro/avro-schema.ts'
import { SchemaRegistryError } from '../errors.ts'
import { formatLosslessJson, parseLosslessJson } from '../json/lossless-json.ts'
import { avroIncompatibility } from './avro-compatibility.ts'
import type {
  CompatibilityLevel,
  RegisteredSchema,
  SchemaDefinition,
  SchemaReference,
  SchemaRegistry,
  SubjectVersion,
} from './schema-registry.ts'

/** What changed a registry: plain data, to be kept in order and given back at the next start. */
export type SchemaRegistryEvent =
  | {
      readonly kind: 'register'
      readonly subject: string
      readonly version: number
      readonly id: number
      readonly definition: SchemaDefinition
    }
  | { readonly kind: 'delete-subject'; readonly subject: string }
  | {
      readonly kind: 'compatibility'
      /** Undefined for the level of all subjects without their own. */
      readonly subject: string | undefined
      readonly level: CompatibilityLevel
    }

/** Where an {@link InMemorySchemaRegistry} keeps its history: a topic, a file. */
export interface SchemaRegistryJournal {
  /** Resolves when the event is safe; only then does the registry show it. Calls do not overlap. */
  append(event: SchemaRegistryEvent): Promise<void>
}

/** Options of {@link InMemorySchemaRegistry}. */
export interface InMemorySchemaRegistryOptions {
  /** Events of earlier lives, in order. */
  readonly events?: Iterable<SchemaRegistryEvent>
  /** Default: nothing is kept. */
  readonly journal?: SchemaRegistryJournal
  /** Of subjects without their own. Default BACKWARD. */
  readonly compatibility?: CompatibilityLevel
}

/**
 * A registry in the process, with the behaviour of Confluent's: subjects, versions from 1, one id for the same schema in every subject,
 * compatibility checks (of Avro; other types only take NONE's place), references.
 */
export class InMemorySchemaRegistry implements SchemaRegistry {
  readonly #journal: SchemaRegistryJournal | undefined
  readonly #byId = new Map<number, RegisteredSchema>()
  readonly #byGuid = new Map<string, RegisteredSchema>()
  readonly #idByContent = new Map<string, number>()
  readonly #subjects = new Map<string, SubjectVersion[]>()
  readonly #levels = new Map<string, CompatibilityLevel>()
  #level: CompatibilityLevel
  #nextId = 1
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: InMemorySchemaRegistryOptions = {}) {
    this.#level = options.compatibility ?? 'BACKWARD'
    for (const event of options.events ?? []) this.apply(event)
    this.#journal = options.journal
  }

  /** Takes over an event that another instance (or an earlier life) has kept. An event known already changes nothing. */
  apply(event: SchemaRegistryEvent): void {
    switch (event.kind) {
      case 'register': {
        const { subject, version, id, definition } = event
        const registered: RegisteredSchema = { ...definition, id }
        if (!this.#byId.has(id)) {
          this.#byId.set(id, registered)
          const content = contentOf(definition)
          this.#byGuid.set(guidOf(content), registered)
          this.#idByContent.set(content, id)
          this.#nextId = Math.max(this.#nextId, id + 1)
        }
        const versions = this.#subjects.get(subject) ?? []
        if (!versions.some((known) => known.version === version))
          versions.push({ ...registered, subject, version })
        this.#subjects.set(subject, versions)
        return
      }
      case 'delete-subject':
        this.#subjects.delete(event.subject)
        return
      case 'compatibility':
        if (event.subject === undefined) this.#level = event.level
        else this.#levels.set(event.subject, event.level)
    }
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async schemaById(id: number): Promise<RegisteredSchema> {
    return this.#byId.get(id) ?? notFound(40403, `schema ${id} not found`)
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async schemaByGuid(guid: string): Promise<RegisteredSchema> {
    return this.#byGuid.get(guid.toLowerCase()) ?? notFound(40403, `schema ${guid} not found`)
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async latest(subject: string): Promise<SubjectVersion> {
    return this.#versionsOf(subject).at(-1)!
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async version(subject: string, version: number): Promise<SubjectVersion> {
    const found = this.#versionsOf(subject).find((candidate) => candidate.version === version)
    return found ?? notFound(40402, `version ${version} of subject "${subject}" not found`)
  }

  subjects(): Promise<readonly string[]> {
    return Promise.resolve([...this.#subjects.keys()].sort())
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async versions(subject: string): Promise<readonly number[]> {
    return this.#versionsOf(subject).map((version) => version.version)
  }

  register(subject: string, definition: SchemaDefinition): Promise<number> {
    return this.#serially(async () => {
      const content = contentOf(definition)
      const known = this.#find(subject, content)
      if (known !== undefined) return known.id
      const reason = this.#incompatibility(subject, definition)
      if (reason !== undefined)
        throw new SchemaRegistryError(
          409,
          409,
          `schema of subject "${subject}" is incompatible with an earlier one: ${reason}`,
        )
      const id = this.#idByContent.get(content) ?? this.#nextId
      const version = (this.#subjects.get(subject)?.at(-1)?.version ?? 0) + 1
      await this.#commit({ kind: 'register', subject, version, id, definition })
      return id
    })
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async lookup(subject: string, definition: SchemaDefinition): Promise<SubjectVersion | undefined> {
    return this.#find(subject, contentOf(definition))
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async compatible(subject: string, definition: SchemaDefinition): Promise<boolean> {
    return this.#incompatibility(subject, definition) === undefined
  }

  deleteSubject(subject: string): Promise<readonly number[]> {
    return this.#serially(async () => {
      const versions = this.#versionsOf(subject).map((version) => version.version)
      await this.#commit({ kind: 'delete-subject', subject })
      return versions
    })
  }

  /** Level of a subject, or the general one. */
  compatibility(subject?: string): CompatibilityLevel {
    return (subject === undefined ? undefined : this.#levels.get(subject)) ?? this.#level
  }

  /** Sets the level of a subject; the general one for undefined. */
  setCompatibility(level: CompatibilityLevel, subject?: string): Promise<void> {
    return this.#serially(() => this.#commit({ kind: 'compatibility', subject, level }))
  }

  /** Versions that read as the definition refers to them are checked too; throws 42201 for a schema that is none. */
  #parse(definition: SchemaDefinition): AvroSchema | undefined {
    if (definition.schemaType !== 'AVRO') return undefined
    try {
      return parseAvroSchema(definition.schema, this.#referenced(definition.references ?? []))
    } catch (error) {
      if (!isVarveError(error) || error instanceof SchemaRegistryError) throw error
      throw new SchemaRegistryError(42201, 422, `invalid schema: ${error.message}`, {
        cause: error,
      })
    }
  }

  #referenced(references: readonly SchemaReference[], seen = new Set<string>()): string[] {
    const texts: string[] = []
    for (const reference of references) {
      const key = `${reference.subject}\u0000${reference.version}`
      if (seen.has(key)) continue
      seen.add(key)
      const version = this.#subjects
        .get(reference.subject)
        ?.find((candidate) => candidate.version === reference.version)
      if (version === undefined)
        throw new SchemaRegistryError(
          42201,
          422,
          `invalid schema: reference "${reference.name}" names version ${reference.version} of subject "${reference.subject}", which is not there`,
        )
      texts.push(...this.#referenced(version.references ?? [], seen), version.schema)
    }
    return texts
  }

  #incompatibility(subject: string, definition: SchemaDefinition): string | undefined {
    const schema = this.#parse(definition)
    const level = this.compatibility(subject)
    const versions = this.#subjects.get(subject) ?? []
    if (level === 'NONE' || versions.length === 0) return undefined
    const against = level.endsWith('_TRANSITIVE') ? versions : versions.slice(-1)
    for (const version of against) {
      if (version.schemaType !== definition.schemaType)
        return `type ${version.schemaType} became ${definition.schemaType}`
      const earlier = this.#parse(version)
      if (schema === undefined || earlier === undefined) continue
      const backward = level.startsWith('FORWARD')
        ? undefined
        : avroIncompatibility(schema, earlier)
      const forward = level.startsWith('BACKWARD')
        ? undefined
        : avroIncompatibility(earlier, schema)
      const reason = backward ?? forward
      if (reason !== undefined) return reason
    }
    return undefined
  }

  #find(subject: string, content: string): SubjectVersion | undefined {
    return this.#subjects.get(subject)?.find((version) => contentOf(version) === content)
  }

  #versionsOf(subject: string): readonly SubjectVersion[] {
    return this.#subjects.get(subject) ?? notFound(40401, `subject "${subject}" not found`)
  }

  async #commit(event: SchemaRegistryEvent): Promise<void> {
    await this.#journal?.append(event)
    this.apply(event)
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work)
    this.#last = result.catch(() => undefined)
    return result
  }
}

function notFound(code: number, message: string): never {
  throw new SchemaRegistryError(code, 404, message)
}

/** Same content, same schema: blanks outside of text do not count. */
function contentOf(definition: SchemaDefinition): string {
  let text = definition.schema
  if (definition.schemaType !== 'PROTOBUF') {
    try {
      text = formatLosslessJson(parseLosslessJson(text))
    } catch (error) {
      throw new SchemaRegistryError(42201, 422, `invalid schema: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }
  return JSON.stringify([definition.schemaType, text, definition.references ?? []])
}

/** A name-based identifier, the same wherever the same schema is registered. */
function guidOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
