/**
 * Bytes of one side of a record (or of a store) ↔ its value. `null` stands for an absent payload, so `T` includes `null`
 * where the topic may hold one; `RowSerde` of `@varve/serde` is a `Serde<Row | null>`.
 *
 * Values are owned by whoever receives them and share no memory with the bytes.
 */
export interface Serde<T> {
  serialize(value: T): Uint8Array | null
  /** {@link serialize} with `space` bytes in front left free, for what a store puts there: its time. Optional: saves a copy of each value. */
  serializeBehind?(value: T, space: number): Uint8Array | null
  /** {@link serialize} with `space` bytes behind left free, for what a store puts there: its window. Optional: saves a copy of each key. */
  serializeBefore?(value: T, space: number): Uint8Array | null
  /**
   * @throws DeserializationError for bytes that do not decode.
   * An error named `SchemaNotLoadedError` makes the task call {@link prepare} with the same bytes and try again.
   */
  deserialize(bytes: Uint8Array | null): T
  /** {@link deserialize} of the bytes from `start` on. Optional: saves a copy. */
  deserializeFrom?(bytes: Uint8Array, start: number): T
  /** Fetches what {@link deserialize} of these bytes needs (a writer schema by id). */
  prepare?(bytes: Uint8Array): Promise<void>
  /** The part of a serialised key that chooses its partition: without the window. Default: all of it. */
  partitionKey?(bytes: Uint8Array): Uint8Array
}
