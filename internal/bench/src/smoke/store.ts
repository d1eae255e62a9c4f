import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createSeededRandom } from '@varve/base/testing'
import { DB } from '@varve/lsm-core'
import { ClassicLevel } from 'classic-level'

import type { BenchOptions } from '../options.ts'
import { compare, type Comparison, type Sample } from '../measure.ts'

const ENTRIES = 200_000
const VALUE_BYTES = 100

/** Keys 0 … n−1 as 16 decimal digits, in an order drawn from a fixed seed. */
function shuffledKeys(count: number): Buffer[] {
  const random = createSeededRandom(42)
  const keys = Array.from({ length: count }, (_, i) => Buffer.from(String(i).padStart(16, '0')))
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1))
    ;[keys[i], keys[j]] = [keys[j]!, keys[i]!]
  }
  return keys
}

/** Half random, half constant: what a compressor can halve. */
function halfCompressibleValues(count: number): Buffer[] {
  const random = createSeededRandom(7)
  return Array.from({ length: count }, () => {
    const value = Buffer.alloc(VALUE_BYTES, 0x76)
    value.set(random.bytes(VALUE_BYTES / 2))
    return value
  })
}

/** One engine, in the calls of its own that put and get one entry and return when it is done. */
interface Store {
  readonly name: string
  open(directory: string): Promise<{
    /** A promise where the engine cannot put without one. */
    put(key: Buffer, value: Buffer): void | Promise<void>
    /** Length of the value; -1 when absent. */
    get(key: Buffer): number
    close(): Promise<void>
  }>
}

const stores: readonly Store[] = [
  {
    name: 'lsm-core',
    async open(directory) {
      const db = await DB.open(directory, { createIfMissing: true })
      return {
        put: (key, value) => db.putSync(key, value),
        get: (key) => db.getSync(key)?.length ?? -1,
        close: () => db.close(),
      }
    },
  },
  {
    name: 'classic-level',
    async open(directory) {
      const db = new ClassicLevel<Buffer, Buffer>(directory, {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer',
        writeBufferSize: 64 * 2 ** 20,
        cacheSize: 256 * 2 ** 20,
      })
      await db.open()
      return {
        put: (key, value) => db.put(key, value),
        get: (key) => db.getSync(key)?.length ?? -1,
        close: () => db.close(),
      }
    },
  },
]

/** Random puts, then random gets of the same entries: log on, no fsync, one call at a time. */
export async function storeBenchmark(options: BenchOptions): Promise<Comparison[]> {
  const keys = shuffledKeys(ENTRIES)
  const values = halfCompressibleValues(1000)
  const lookups = shuffledKeys(ENTRIES)
  const gets = new Map<string, Sample[]>(stores.map((s) => [s.name, []]))

  async function run(store: Store): Promise<Sample> {
    const directory = mkdtempSync(join(tmpdir(), 'varve-bench-'))
    try {
      const db = await store.open(directory)
      const start = performance.now()
      for (let i = 0; i < keys.length; i++) {
        const pending = db.put(keys[i]!, values[i % values.length]!)
        if (pending !== undefined) await pending
      }
      const putSeconds = (performance.now() - start) / 1000
      const getStart = performance.now()
      for (const key of lookups) {
        if (db.get(key) !== VALUE_BYTES) throw new Error(`${store.name} lost ${key.toString()}`)
      }
      gets
        .get(store.name)!
        .push({ units: lookups.length, seconds: (performance.now() - getStart) / 1000 })
      await db.close()
      return { units: keys.length, seconds: putSeconds }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  const conditions = `${ENTRIES / 1000} k entries, 16-byte keys in random order, ${VALUE_BYTES}-byte values, all within one write buffer of 64 MiB, log on, no fsync, one call at a time`
  const puts = await compare(
    'fillrandom',
    'puts',
    conditions,
    stores.map((store) => ({ name: store.name, run: () => run(store) })),
    options.rounds,
    options.progress,
  )
  const reads = await compare(
    'readrandom, hot',
    'gets',
    conditions,
    stores.map((store) => ({
      name: store.name,
      run: () => Promise.resolve(gets.get(store.name)!.shift()!),
    })),
    options.rounds,
    () => {},
  )
  return [puts, reads]
}
