import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { createSeededRandom } from '@varve/base/testing'
import { DB, WriteBatch } from '@varve/lsm-core'
import { BlockCache } from '@varve/sst-format'

import { halfCompressibleValues, keyBytes, writeKey } from './data.ts'

const budgetBytes = 256 << 20
const writeBufferBytes = 64 << 20
/** Longest stretch of work of the loop that loads, so that what is measured is ours. */
const sliceMs = 2

/**
 * Random puts over all entries, twice, by a loop that gives way every two milliseconds: `latency-run.ts DIRECTORY ENTRIES`. Prints one
 * line of JSON, a {@link LatencySample}.
 */
export interface LatencySample {
  readonly seconds: number
  /** Delay of the event loop. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly slowestWriteMs: number
  /** CPU of the main thread and of the process. */
  readonly mainCpuSeconds: number
  readonly cpuSeconds: number
  /** Resident with nothing but code, before the database is open. */
  readonly emptyProcessMiB: number
  readonly peakMiB: number
}

const [parent, entriesText] = process.argv.slice(2)
console.log(JSON.stringify(await measure(parent!, Number(entriesText))))

async function measure(parent: string, entries: number): Promise<LatencySample> {
  const directory = mkdtempSync(join(parent, 'varve-bench-latency-'))
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
    const cpuBefore = process.cpuUsage()
    const mainBefore = process.threadCpuUsage()
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
    const cpu = process.cpuUsage(cpuBefore)
    const main = process.threadCpuUsage(mainBefore)
    histogram.disable()
    await db.close()
    const toMs = (nanoseconds: number): number => nanoseconds / 1e6
    return {
      seconds,
      p50Ms: toMs(histogram.percentile(50)),
      p99Ms: toMs(histogram.percentile(99)),
      p999Ms: toMs(histogram.percentile(99.9)),
      maxMs: toMs(histogram.max),
      slowestWriteMs: slowest,
      mainCpuSeconds: (main.user + main.system) / 1e6,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      emptyProcessMiB,
      peakMiB,
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
