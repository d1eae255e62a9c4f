/** A store under test, in the calls of its own that do the work of a workload fastest. Values are owned by the caller. */
export interface StoreEngine {
  readonly name: string
  /** Rows it has no call for. */
  readonly skips?: readonly string[]
  /** The only rows it is for. */
  readonly only?: readonly string[]
  open(directory: string, options: StoreOptions): Promise<OpenStore>
}

/** What every engine is given that knows it; the conditions of the table. */
interface StoreOptions {
  /** Block cache, or what comes nearest. */
  readonly cacheBytes: number
  readonly writeBufferBytes: number
}

/** Puts that go in together. */
interface StoreBatch {
  put(key: Uint8Array, value: Uint8Array): void
  commit(): void | Promise<void>
}

/** An open store. A call that returns a promise is awaited before the next, but for {@link OpenStore.putAsync}. */
export interface OpenStore {
  put(key: Uint8Array, value: Uint8Array): void | Promise<unknown>
  /** A put with others outstanding; keys and values are borrowed for the call only. */
  putAsync(key: Uint8Array, value: Uint8Array): Promise<unknown>
  /** A put that survives a loss of power. */
  putSynced(key: Uint8Array, value: Uint8Array): void | Promise<unknown>
  delete(key: Uint8Array): void | Promise<unknown>
  get(key: Uint8Array): Uint8Array | undefined
  multiGet(
    keys: readonly Uint8Array[],
  ): readonly (Uint8Array | undefined)[] | Promise<readonly (Uint8Array | undefined)[]>
  batch(): StoreBatch
  /** Bytes of `nexts` entries from the first at or after `key` on, and how many there were. */
  seek(key: Uint8Array, nexts: number): number | Promise<number>
  /** Entries in order, each value in an array of its own: number of values with the length `valueBytes`. */
  scan(valueBytes: number): number | Promise<number>
  /** Everything written to tables and compacted as far as the engine wants of itself. */
  settle(): Promise<void>
  close(): Promise<void>
}
