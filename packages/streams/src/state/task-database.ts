/** One row of a {@link TaskDatabase.write}: a `null` value deletes. */
export interface RowWrite {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

/** The rows of one family in a {@link TaskDatabase.write}. */
export interface FamilyWrites {
  readonly family: string
  readonly rows: readonly RowWrite[]
}

/** Bounds of a scan by bytes. */
export interface ByteRange {
  readonly gte?: Uint8Array
  readonly lt?: Uint8Array
  readonly reverse?: boolean
}

/**
 * The durable home of one task's stores: families of sorted bytes that are written together or not at all.
 * The port behind which an LSM database or plain memory stands.
 */
export interface TaskDatabase {
  /** The value, owned by the caller; `undefined` when absent. */
  get(family: string, key: Uint8Array): Uint8Array | undefined
  /** Rows of a family in byte order (or against it). Keys and values are owned by the caller. Must be closed or run to its end. */
  scan(family: string, range: ByteRange): IterableIterator<readonly [Uint8Array, Uint8Array]>
  /** Applies all writes atomically: a crash loses all of them or none. */
  write(writes: readonly FamilyWrites[]): void
  /** Deletes all rows of a family. */
  clear(family: string): void
  close(): Promise<void>
}

/** Opens the databases of an application's tasks. */
export interface StateStorage {
  /** Ids of tasks that have state here, whether open or not. */
  listTasks(applicationId: string): Promise<readonly string[]>
  /** Opens or creates; exclusive. @throws LockedError when somebody else has it. */
  open(applicationId: string, taskId: string, families: readonly string[]): Promise<TaskDatabase>
  /** Removes one task's state, or all of an application's. */
  remove(applicationId: string, taskId?: string): Promise<void>
  /** Takes the application's folder for this process. @throws LockedError when another instance runs on it */
  acquire(applicationId: string): Promise<StateLease>
}

/** An application's folder held by one process. */
export interface StateLease {
  /** An id that stays the same over restarts on the same storage: names the transactional producer. */
  readonly processId: string
  release(): Promise<void>
}
