import { createSeededRandom } from '@varve/base/testing'

import type { OpenStore } from './engine.ts'
import { halfCompressibleValues, keyBytes, permutation, writeKey, zipfian } from './data.ts'

/** One row of the table. */
export interface Workload {
  readonly name: string
  /** In words, for the table. */
  readonly title: string
  readonly valueBytes: number
  /** What the store holds before: nothing, or all entries written in random order and settled. */
  readonly start: 'empty' | 'filled'
  /** Whether it leaves the store as it was, so that the next round can have the same directory. */
  readonly readsOnly: boolean
  /** Entries of the row where the run has `base`. */
  entries(base: number): number
  /** Runs the timed part; says how many operations it was and how long it took. */
  run(store: OpenStore, entries: number): Promise<{ units: number; seconds: number }>
}

const outstanding = 256

/** Milliseconds between two turns of the event loop that a loop of blocking calls lets happen. */
const turnMs = 5

/** Lets the event loop turn when the last turn is long ago; blocking loops must, for flushes to be taken note of. */
class Turns {
  #last = performance.now()
  get due(): boolean {
    return performance.now() - this.#last > turnMs
  }
  async take(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#last = performance.now()
  }
}

async function timed(
  units: number,
  work: () => Promise<void>,
): Promise<{ units: number; seconds: number }> {
  const start = performance.now()
  await work()
  return { units, seconds: (performance.now() - start) / 1000 }
}

function puts(
  store: OpenStore,
  count: number,
  indexAt: (i: number) => number,
  put: 'put' | 'putSynced',
  valueBytes: number,
): Promise<{ units: number; seconds: number }> {
  const values = halfCompressibleValues(valueBytes)
  const key = Buffer.alloc(keyBytes)
  const turns = new Turns()
  return timed(count, async () => {
    for (let i = 0; i < count; i++) {
      const pending = store[put](writeKey(key, indexAt(i)), values[i % 1000]!)
      if (pending !== undefined) await pending
      else if ((i & 63) === 0 && turns.due) await turns.take()
    }
  })
}

function putsOutstanding(
  store: OpenStore,
  order: Int32Array,
): Promise<{ units: number; seconds: number }> {
  const values = halfCompressibleValues(100)
  return timed(order.length, async () => {
    for (let i = 0; i < order.length;) {
      const pending: Promise<unknown>[] = []
      for (const end = Math.min(order.length, i + outstanding); i < end; i++)
        pending.push(
          store.putAsync(writeKey(Buffer.allocUnsafe(keyBytes), order[i]!), values[i % 1000]!),
        )
      await Promise.all(pending)
    }
  })
}

async function batches(
  store: OpenStore,
  order: Int32Array,
  size: number,
  valueBytes: number,
): Promise<{ units: number; seconds: number }> {
  const values = halfCompressibleValues(valueBytes)
  const key = Buffer.alloc(keyBytes)
  const turns = new Turns()
  return timed(order.length, async () => {
    for (let i = 0; i < order.length;) {
      const batch = store.batch()
      for (const end = Math.min(order.length, i + size); i < end; i++)
        batch.put(writeKey(key, order[i]!), values[i % 1000]!)
      const pending = batch.commit()
      if (pending !== undefined) await pending
      else if (turns.due) await turns.take()
    }
  })
}

function gets(
  store: OpenStore,
  count: number,
  indexAt: (i: number) => number,
  expectedBytes: number | undefined,
): Promise<{ units: number; seconds: number }> {
  const key = Buffer.alloc(keyBytes)
  return timed(count, async () => {
    for (let i = 0; i < count; i++) {
      const value = store.get(writeKey(key, indexAt(i)))
      if (value?.length !== expectedBytes) throw new Error(`get of key ${indexAt(i)} is wrong`)
    }
    await Promise.resolve()
  })
}

/** Records that each read a key's state and write it anew, committed by the thousand. */
function stream(
  store: OpenStore,
  keys: number,
  records: number,
): Promise<{ units: number; seconds: number }> {
  const values = halfCompressibleValues(100)
  const random = createSeededRandom(11)
  const draws = Int32Array.from({ length: records }, () => Math.floor(random.next() * keys))
  const key = Buffer.alloc(keyBytes)
  const turns = new Turns()
  return timed(records, async () => {
    for (let i = 0; i < records;) {
      const batch = store.batch()
      for (const end = Math.min(records, i + 1000); i < end; i++) {
        writeKey(key, draws[i]!)
        const state = store.get(key)
        if (state?.length !== 100) throw new Error(`state of key ${draws[i]} is lost`)
        batch.put(key, values[i % 1000]!)
      }
      const pending = batch.commit()
      if (pending !== undefined) await pending
      else if (turns.due) await turns.take()
    }
  })
}

/** Fills a store with all entries in random order. */
export async function fill(store: OpenStore, entries: number, valueBytes: number): Promise<void> {
  await batches(store, permutation(entries, 1), 1000, valueBytes)
  await store.settle()
}

const same = (base: number): number => base
const from = (order: Int32Array) => (i: number) => order[i]!
const writes = { valueBytes: 100, start: 'empty', readsOnly: false, entries: same } as const
const changes = { ...writes, start: 'filled' } as const
const reads = { ...changes, readsOnly: true } as const

/** All rows, in the order of the table. */
export const workloads: readonly Workload[] = [
  {
    ...writes,
    name: 'fillseq',
    title: 'fillseq, one at a time',
    run: (store, n) => puts(store, n, (i) => i, 'put', 100),
  },
  {
    ...writes,
    name: 'fillrandom',
    title: 'fillrandom, one at a time',
    run: (store, n) => puts(store, n, from(permutation(n, 2)), 'put', 100),
  },
  {
    ...writes,
    name: 'fillrandom-256',
    title: 'fillrandom, 256 outstanding',
    run: (store, n) => putsOutstanding(store, permutation(n, 2)),
  },
  {
    ...changes,
    name: 'overwrite',
    title: 'overwrite, one at a time',
    run: (store, n) => puts(store, n, from(permutation(n, 3)), 'put', 100),
  },
  {
    ...writes,
    name: 'fillbatch',
    title: 'fillbatch, 100 a commit',
    run: (store, n) => batches(store, permutation(n, 2), 100, 100),
  },
  {
    ...writes,
    name: 'fillsync',
    title: 'fillsync',
    entries: (base) => Math.max(50, Math.floor(base / 100)),
    run: (store, n) => puts(store, n, from(permutation(n, 2)), 'putSynced', 100),
  },
  {
    ...changes,
    name: 'deleterandom',
    title: 'deleterandom, one at a time',
    async run(store, n) {
      const order = permutation(n, 3)
      const key = Buffer.alloc(keyBytes)
      const turns = new Turns()
      return timed(n, async () => {
        for (let i = 0; i < n; i++) {
          const pending = store.delete(writeKey(key, order[i]!))
          if (pending !== undefined) await pending
          else if ((i & 63) === 0 && turns.due) await turns.take()
        }
      })
    },
  },
  {
    ...reads,
    name: 'readrandom-reopened',
    title: 'readrandom, reopened',
    run: (store, n) => gets(store, n, from(permutation(n, 4)), 100),
  },
  {
    ...reads,
    name: 'readrandom-hot',
    title: 'readrandom, hot',
    async run(store, n) {
      await gets(store, n, from(permutation(n, 4)), 100)
      return gets(store, n, from(permutation(n, 5)), 100)
    },
  },
  {
    ...reads,
    name: 'readmissing',
    title: 'readmissing',
    run(store, n) {
      // Digits of other keys, in the range of those that exist.
      const key = Buffer.alloc(keyBytes + 1, 'x')
      const order = permutation(n, 4)
      const digits = key.subarray(0, keyBytes)
      return timed(n, async () => {
        for (let i = 0; i < n; i++) {
          writeKey(digits, order[i]!)
          if (store.get(key) !== undefined) throw new Error('a key that is not there was found')
        }
        await Promise.resolve()
      })
    },
  },
  {
    ...reads,
    name: 'multiget',
    title: 'multiget of 32, per key',
    async run(store, n) {
      const order = permutation(n, 5)
      await gets(store, n, from(permutation(n, 4)), 100)
      return timed(n - (n % 32), async () => {
        for (let i = 0; i + 32 <= n; i += 32) {
          const keys = Array.from({ length: 32 }, (_, k) =>
            writeKey(Buffer.allocUnsafe(keyBytes), order[i + k]!),
          )
          const found = store.multiGet(keys)
          const values = found instanceof Promise ? await found : found
          for (const value of values as readonly (Uint8Array | undefined)[])
            if (value?.length !== 100) throw new Error('multiget lost a key')
        }
      })
    },
  },
  {
    ...reads,
    name: 'seekrandom',
    title: 'seekrandom + 10 nexts',
    async run(store, n) {
      const order = permutation(n, 5)
      const count = Math.max(10, Math.floor(n / 5))
      await gets(store, n, from(permutation(n, 4)), 100)
      const key = Buffer.alloc(keyBytes)
      return timed(count, async () => {
        for (let i = 0; i < count; i++) {
          const at = order[i]!
          const expected = Math.min(10, n - at) * 100
          const found = store.seek(writeKey(key, at), 10)
          if ((found instanceof Promise ? await found : found) !== expected)
            throw new Error('seek lost an entry')
        }
        await Promise.resolve()
      })
    },
  },
  {
    ...reads,
    name: 'readseq',
    title: 'readseq, an array of its own per value',
    async run(store, n) {
      await store.scan(100)
      return timed(n, async () => {
        const found = await store.scan(100)
        if (found !== n) throw new Error(`scan found ${found} of ${n}`)
      })
    },
  },
  {
    ...changes,
    name: 'ycsb-a',
    title: 'YCSB A (50/50, zipfian), one at a time',
    async run(store, n) {
      const next = zipfian(n, 12)
      const random = createSeededRandom(13)
      const draws = Int32Array.from({ length: n }, () => (random.next() < 0.5 ? next() : ~next()))
      const values = halfCompressibleValues(100)
      const key = Buffer.alloc(keyBytes)
      const turns = new Turns()
      return timed(n, async () => {
        for (let i = 0; i < n; i++) {
          const draw = draws[i]!
          if (draw >= 0) {
            if (store.get(writeKey(key, draw))?.length !== 100) throw new Error('a key is lost')
          } else {
            const pending = store.put(writeKey(key, ~draw), values[i % 1000]!)
            if (pending !== undefined) await pending
          }
          if ((i & 63) === 0 && turns.due) await turns.take()
        }
      })
    },
  },
  {
    ...writes,
    name: 'fillrandom-4k',
    title: 'fillrandom, 4 KiB values',
    valueBytes: 4096,
    entries: (base) => Math.floor(base / 10),
    run: (store, n) => puts(store, n, from(permutation(n, 2)), 'put', 4096),
  },
  {
    ...reads,
    name: 'readrandom-hot-4k',
    title: 'readrandom, hot, 4 KiB values',
    valueBytes: 4096,
    // What fits into the cache.
    entries: (base) => Math.floor(base / 20),
    async run(store, n) {
      await gets(store, n, from(permutation(n, 4)), 4096)
      await gets(store, n, from(permutation(n, 6)), 4096)
      return gets(store, n, from(permutation(n, 5)), 4096)
    },
  },
  {
    ...changes,
    name: 'stream-100k',
    title: 'stream, 100 k keys (get + put a record, commit of 1000)',
    entries: (base) => Math.floor(base / 10),
    run: (store, n) => stream(store, n, n * 20),
  },
  {
    ...changes,
    name: 'stream-5m',
    title: 'stream, 5 M keys',
    entries: (base) => base * 5,
    run: (store, n) => stream(store, n, Math.floor(n * 0.4)),
  },
]
