import { yieldToEventLoop } from '@varve/base'
import { WriteBatch, type DB } from '@varve/lsm-core'

/** What a workload works with. */
export interface BenchContext {
  readonly db: DB
  /** Keys there are, or are to be. */
  readonly num: number
  readonly reads: number
  readonly batchSize: number
  readonly sync: boolean
  readonly disableWal: boolean
  /** Random whole number below `n`. */
  below(n: number): number
  /** Key `i`; the array is good until the next call. */
  key(i: number): Uint8Array
  /** A value, half of it compressible; the array is good until the next call. */
  value(): Uint8Array
}

/** What a workload has done. */
interface WorkloadResult {
  readonly operations: number
  /** Of keys and values written or read. */
  readonly bytes: number
  /** Keys that were found, where that is not all. */
  readonly found?: number
}

type Workload = (context: BenchContext) => Promise<WorkloadResult>

/** Operations between two turns of the event loop. */
const SLICE = 256

/** Workloads by the names that RocksDB's db_bench gives them. */
export const workloads: Readonly<Record<string, Workload>> = {
  fillseq: (context) => fill(context, (i) => i),
  fillrandom: (context) => fill(context, () => context.below(context.num)),
  overwrite: (context) => fill(context, () => context.below(context.num)),
  fillsync: (context) =>
    fill({ ...context, sync: true, num: Math.min(context.num, 1000) }, () =>
      context.below(context.num),
    ),
  deleteseq: (context) => erase(context, (i) => i),
  deleterandom: (context) => erase(context, () => context.below(context.num)),
  readrandom: (context) => read(context, () => context.key(context.below(context.num))),
  readmissing: (context) =>
    read(context, () => {
      const key = context.key(context.below(context.num))
      key[key.length - 1] = 0x2e
      return key
    }),
  multireadrandom: multiRead,
  seekrandom: seek,
  readseq: (context) => scan(context, false),
  readreverse: (context) => scan(context, true),
  updaterandom: update,
  compact: async ({ db }) => {
    await db.compactRange()
    return { operations: 1, bytes: 0 }
  },
  flush: async ({ db }) => {
    await db.flush()
    return { operations: 1, bytes: 0 }
  },
  verifychecksum: async ({ db }) => {
    await db.verifyChecksum()
    return { operations: 1, bytes: 0 }
  },
}

async function fill(context: BenchContext, order: (i: number) => number): Promise<WorkloadResult> {
  const { db, num, batchSize, sync, disableWal } = context
  const batch = new WriteBatch()
  let bytes = 0
  for (let i = 0; i < num;) {
    batch.clear()
    for (let n = 0; n < batchSize && i < num; n++, i++) {
      const key = context.key(order(i))
      const value = context.value()
      batch.put(key, value)
      bytes += key.length + value.length
    }
    await db.write(batch, { sync, disableWal })
  }
  return { operations: num, bytes }
}

async function erase(context: BenchContext, order: (i: number) => number): Promise<WorkloadResult> {
  const { db, num, sync, disableWal } = context
  let bytes = 0
  for (let i = 0; i < num; i++) {
    const key = context.key(order(i))
    bytes += key.length
    await db.delete(key, { sync, disableWal })
  }
  return { operations: num, bytes }
}

async function read(context: BenchContext, next: () => Uint8Array): Promise<WorkloadResult> {
  const { db, reads } = context
  let bytes = 0
  let found = 0
  for (let i = 0; i < reads; i++) {
    const key = next()
    const value = db.getSync(key)
    if (value !== undefined) {
      found++
      bytes += key.length + value.length
    }
    if (i % SLICE === SLICE - 1) await yieldToEventLoop()
  }
  return { operations: reads, bytes, found }
}

async function multiRead(context: BenchContext): Promise<WorkloadResult> {
  const { db, reads } = context
  const width = 32
  let bytes = 0
  let found = 0
  for (let i = 0; i < reads; i += width) {
    const keys = Array.from(
      { length: Math.min(width, reads - i) },
      () => new Uint8Array(context.key(context.below(context.num))),
    )
    for (const value of await db.multiGet(keys)) {
      if (value === undefined) continue
      found++
      bytes += value.length
    }
  }
  return { operations: reads, bytes, found }
}

async function seek(context: BenchContext): Promise<WorkloadResult> {
  const { db, reads } = context
  using cursor = db.cursor()
  let bytes = 0
  let found = 0
  for (let i = 0; i < reads; i++) {
    cursor.seek(context.key(context.below(context.num)))
    if (cursor.valid) {
      found++
      bytes += cursor.key.length + cursor.value.length
    }
    if (i % SLICE === SLICE - 1) await yieldToEventLoop()
  }
  return { operations: reads, bytes, found }
}

async function scan({ db, reads }: BenchContext, reverse: boolean): Promise<WorkloadResult> {
  using cursor = db.cursor()
  let bytes = 0
  let entries = 0
  if (reverse) cursor.seekToLast()
  else cursor.seekToFirst()
  while (cursor.valid && entries < reads) {
    bytes += cursor.key.length + cursor.value.length
    entries++
    if (reverse) cursor.prev()
    else cursor.next()
    if (entries % 8192 === 0) await yieldToEventLoop()
  }
  return { operations: entries, bytes }
}

async function update(context: BenchContext): Promise<WorkloadResult> {
  const { db, reads, sync, disableWal } = context
  let bytes = 0
  let found = 0
  for (let i = 0; i < reads; i++) {
    const key = context.key(context.below(context.num))
    if (db.getSync(key) !== undefined) found++
    const value = context.value()
    bytes += key.length + value.length
    await db.put(key, value, { sync, disableWal })
  }
  return { operations: reads, bytes, found }
}
