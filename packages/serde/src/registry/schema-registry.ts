/** Kinds of schemas a registry keeps, by its own names. */
export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF'

/** A schema that another one mentions by `name`. */
export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

/** A schema as it is sent to a registry. */
export interface SchemaDefinition {
  readonly schemaType: SchemaType
  /** The schema's own text: JSON for AVRO and JSON, a .proto file for PROTOBUF. */
  readonly schema: string
  readonly references?: readonly SchemaReference[]
}

/** A schema with its id, which never changes its meaning. */
export interface RegisteredSchema extends SchemaDefinition {
  readonly id: number
}

/** One version of a subject. Versions count from 1. */
export interface SubjectVersion extends RegisteredSchema {
  readonly subject: string
  readonly version: number
}

/** How versions of a subject must relate, by the registry's names. */
export type CompatibilityLevel =
  | 'NONE'
  | 'BACKWARD'
  | 'BACKWARD_TRANSITIVE'
  | 'FORWARD'
  | 'FORWARD_TRANSITIVE'
  | 'FULL'
  | 'FULL_TRANSITIVE'

/**
 * The port to a schema registry: Confluent's model of subjects, versions and ids. All methods may be called concurrently and throw
 * {@link SchemaRegistryError} with the registry's code (40401 subject, 40402 version, 40403 schema, 409 incompatible, 42201 invalid).
 */
export interface SchemaRegistry {
  schemaById(id: number): Promise<RegisteredSchema>
  /** By the 16-byte id that newer producers put into headers, as a lower-case UUID. */
  schemaByGuid(guid: string): Promise<RegisteredSchema>
  latest(subject: string): Promise<SubjectVersion>
  version(subject: string, version: number): Promise<SubjectVersion>
  subjects(): Promise<readonly string[]>
  versions(subject: string): Promise<readonly number[]>
  /** Registers, or finds the same schema; resolves to its id. */
  register(subject: string, definition: SchemaDefinition): Promise<number>
  /** The version under which the subject holds this very schema; undefined when it does not. */
  lookup(subject: string, definition: SchemaDefinition): Promise<SubjectVersion | undefined>
  /** Whether {@link register} would be allowed. */
  compatible(subject: string, definition: SchemaDefinition): Promise<boolean>
  /** Deletes the subject's versions and resolves to their numbers. Ids stay readable. */
  deleteSubject(subject: string): Promise<readonly number[]>
}
