import type { Row } from './value.ts'

/** Bytes of one side of a record ↔ its row. Synchronous: schemas are fetched beforehand, see {@link RowSerde.prepare}. */
export interface RowSerde {
  /**
   * `null` row is a null payload. The result is owned by the caller.
   *
   * @throws SerializationError
   */
  serialize(row: Row | null): Uint8Array | null
  /** {@link serialize} with `after` bytes left free at the end, for what the caller puts there; only where that saves a copy. */
  serializeBefore?(row: Row | null, after: number): Uint8Array | null
  /**
   * A fresh row; strings and numbers are copies, BYTES too. Column order of the schema.
   *
   * @throws DeserializationError
   * @throws SchemaNotLoadedError when the bytes name a schema id not fetched yet; call {@link prepare} with the same bytes and try again.
   */
  deserialize(bytes: Uint8Array | null): Row | null
  /** Fetches what {@link deserialize} of these bytes needs (writer schema by id). Resolves at once for formats without registry. */
  prepare(bytes: Uint8Array): Promise<void>
  /**
   * Registers the schema that {@link serialize} writes with (sinks call it once, before the first record). Resolves at once for formats
   * without registry.
   *
   * @throws SchemaRegistryError when the registry refuses, for example as incompatible
   */
  ensureRegistered(): Promise<void>
}
