import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { createSeededRandom } from '@varve/base/testing'
import { DB, WriteBatch } from '@varve/lsm-core'
import { BlockCache } from '@varve/sst-format'

import type { BenchOptions } from '../options.ts'
import type { Comparison } from '../measure.ts'
import { halfCompressibleValues, keyBytes, writeKey } from './data.ts'

const budgetBytes = 256 << 20
const writeBufferBytes = 64 << 20
/** Longest stretch of work of the loop that loads, so that what is measured is ours. */
const sliceMs = 2

/**
 * What the store does to its process while it flushes and compacts at full speed: delay of the event loop, and memory against the
 * configured budget. Random puts over all entries, twice, by a loop that gives way every two milliseconds.
 */
export async function storeLatency(options: BenchOptions): Promise<Comparison[]> {
  const entries = options.entries ?? 5_000_000
  const directory = mkdtempSync(join(options.directory ?? tmpdir(), 'varve-bench-latency-'))
  const emptyProcessMiB = process.memoryUsage().rss / 2 ** 20
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  try {
    const db = await DB.open(directory, {
      createIfMissing: true,
      blockCache: new BlockCache({ capacityBytes: budgetBytes }),
      writeBufferSizeBytes: writeBufferBytes,
    })
    const random = createSeededRandom(21)
    const values = halfCompressibleValues(100)
    const key = Buffer.alloc(keyBytes)
    const batch = new WriteBatch(1 << 16)
    histogram.enable()
    let peakMiB = 0
    let slowest = 0
    const start = performance.now()
    for (let i = 0; i < entries * 2;) {
      const sliceStart = performance.now()
      do {
        batch.clear()
        for (let n = 0; n < 50; n++, i++)
          batch.putTo(0, writeKey(key, Math.floor(random.next() * entries)), values[i % 1000]!)
        const commitStart = performance.now()
        await db.write(batch)
        slowest = Math.max(slowest, performance.now() - commitStart)
        db.getSync(writeKey(key, Math.floor(random.next() * entries)))
      } while (performance.now() - sliceStart < sliceMs)
      if (i % 5000 === 0) peakMiB = Math.max(peakMiB, process.memoryUsage().rss / 2 ** 20)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const seconds = (performance.now() - start) / 1000
    histogram.disable()
    await db.close()
    const toMs = (nanoseconds: number): number => nanoseconds / 1e6
    return [
      {
        title: 'puts while flushing and compacting',
        unit: 'puts',
        conditions: `${entries} entries written twice in random order, budget ${budgetBytes >> 20} MiB`,
        figures: [
          {
            name: 'varve',
            median: (entries * 2) / seconds,
            min: (entries * 2) / seconds,
            max: (entries * 2) / seconds,
            rounds: 1,
            extra: {
              'loop delay p50 ms': toMs(histogram.percentile(50)),
              'p99 ms': toMs(histogram.percentile(99)),
              'p99.9 ms': toMs(histogram.percentile(99.9)),
              'max ms': toMs(histogram.max),
              'slowest write ms': slowest,
              'peak MiB': peakMiB,
              'above budget and empty process MiB': peakMiB - emptyProcessMiB - (budgetBytes >> 20),
            },
          },
        ],
      },
    ]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
