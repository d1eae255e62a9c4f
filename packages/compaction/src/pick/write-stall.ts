/** What the decision about write stalls looks at, for one column family. */
export interface WriteStallInput {
  /** Sealed memtables that wait for their flush, and the active one. */
  readonly memtables: number
  readonly level0Files: number
  /** Bytes that compactions still have to move before every level is within its target. */
  readonly pendingCompactionBytes: number
}

/** Limits of {@link computeWriteStall}; defaults are RocksDB's. */
export interface WriteStallOptions {
  /** Memtables, the active one included, at which writes wait. Default 2. */
  readonly maxWriteBufferNumber?: number
  /** Default 20. */
  readonly level0SlowdownWritesTrigger?: number
  /** Default 36. */
  readonly level0StopWritesTrigger?: number
  /** 0: no limit. Default 64 GiB. */
  readonly softPendingCompactionBytesLimit?: number
  /** 0: no limit. Default 256 GiB. */
  readonly hardPendingCompactionBytesLimit?: number
}

/** Whether writes go on, are slowed, or wait; and what for. */
export type WriteStall =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'slowdown' | 'stop'
      readonly cause: WriteStallCause
      /** Slowed, and about to be stopped: then the rate falls faster. */
      readonly nearStop?: boolean
    }

/** What has grown too much. */
export type WriteStallCause = 'memtables' | 'level0Files' | 'pendingCompactionBytes'

/** Decides about write stalls. Pure. Source: RocksDB, write stalls. */
export function computeWriteStall(
  input: WriteStallInput,
  options: WriteStallOptions = {},
): WriteStall {
  const {
    maxWriteBufferNumber = 2,
    level0SlowdownWritesTrigger = 20,
    level0StopWritesTrigger = 36,
    softPendingCompactionBytesLimit = 64 * 1024 ** 3,
    hardPendingCompactionBytesLimit = 256 * 1024 ** 3,
  } = options
  const { memtables, level0Files, pendingCompactionBytes } = input
  if (memtables > maxWriteBufferNumber) return { kind: 'stop', cause: 'memtables' }
  if (level0Files >= level0StopWritesTrigger) return { kind: 'stop', cause: 'level0Files' }
  if (
    hardPendingCompactionBytesLimit > 0 &&
    pendingCompactionBytes >= hardPendingCompactionBytesLimit
  ) {
    return { kind: 'stop', cause: 'pendingCompactionBytes' }
  }
  // With many memtables the last free one is a warning; with two it is the normal state.
  if (maxWriteBufferNumber > 3 && memtables >= maxWriteBufferNumber) {
    return { kind: 'slowdown', cause: 'memtables' }
  }
  if (level0Files >= level0SlowdownWritesTrigger) {
    const nearStop = level0Files >= level0StopWritesTrigger - 2
    return { kind: 'slowdown', cause: 'level0Files', ...(nearStop ? { nearStop } : {}) }
  }
  const soft = softPendingCompactionBytesLimit
  if (soft > 0 && pendingCompactionBytes >= soft) {
    const room = hardPendingCompactionBytesLimit - soft
    const nearStop = room > 0 && pendingCompactionBytes - soft > (3 * room) / 4
    return { kind: 'slowdown', cause: 'pendingCompactionBytes', ...(nearStop ? { nearStop } : {}) }
  }
  return { kind: 'none' }
}
