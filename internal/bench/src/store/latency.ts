import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { BenchOptions } from '../options.ts'
import type { Comparison } from '../measure.ts'
import type { LatencySample } from './latency-run.ts'
import { isBuilt } from './runner.ts'

const run = promisify(execFile)
const budgetMiB = 256
const timeoutMs = 30 * 60_000

/**
 * What the store does to its process while it flushes and compacts at full speed: delay of the event loop, and memory against the
 * configured budget. In a process of its own without flags, with built code where there is some: stripping types of sources takes memory
 * too.
 */
export async function storeLatency(options: BenchOptions): Promise<Comparison[]> {
  const entries = options.entries ?? 5_000_000
  const built = isBuilt()
  const { stdout } = await run(
    process.execPath,
    [
      ...(built ? [] : ['--conditions=@varve/source']),
      join(import.meta.dirname, 'latency-run.ts'),
      options.directory ?? tmpdir(),
      String(entries),
    ],
    { timeout: timeoutMs },
  )
  const sample = JSON.parse(stdout.trim().split('\n').at(-1)!) as LatencySample
  const { peakMiB, emptyProcessMiB } = sample
  const putsPerSecond = (entries * 2) / sample.seconds
  return [
    {
      title: 'puts while flushing and compacting',
      unit: 'puts',
      conditions: `${entries} entries written twice in random order, budget ${budgetMiB} MiB, ${built ? 'built code' : 'from source'}`,
      figures: [
        {
          name: 'varve',
          median: putsPerSecond,
          min: putsPerSecond,
          max: putsPerSecond,
          rounds: 1,
          extra: {
            'loop delay p50 ms': sample.p50Ms,
            'p99 ms': sample.p99Ms,
            'p99.9 ms': sample.p999Ms,
            'max ms': sample.maxMs,
            'slowest write ms': sample.slowestWriteMs,
            'CPU µs': (sample.cpuSeconds * 1e6) / (entries * 2),
            'of the caller': (sample.mainCpuSeconds * 1e6) / (entries * 2),
            'peak MiB': peakMiB,
            'above budget MiB': peakMiB - budgetMiB,
            'above budget and empty process MiB': peakMiB - emptyProcessMiB - budgetMiB,
          },
        },
      ],
    },
  ]
}
