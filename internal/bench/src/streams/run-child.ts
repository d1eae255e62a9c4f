import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Sample } from '../measure.ts'
import type { ChildTask } from './child.ts'
import type { QueryRun } from './query-run.ts'

const child = fileURLToPath(new URL('./child.ts', import.meta.url))

/** Runs a query in a process of its own, over a temporary directory. */
export async function runChild(task: Omit<ChildTask, 'directory'>): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), 'varve-bench-'))
  try {
    const run = await execChild({ ...task, directory })
    return {
      units: run.records,
      seconds: run.seconds,
      extra: {
        'CPU µs a record': (run.cpuSeconds / run.records) * 1e6,
        'resident MiB': run.rssMiB,
        'longest commit ms': run.commitMsMax,
        ...(run.bytesWrittenPerRecord === undefined
          ? {}
          : { 'bytes written a record': run.bytesWrittenPerRecord }),
      },
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function execChild(task: ChildTask): Promise<QueryRun> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--conditions=@varve/source', child, JSON.stringify(task)],
      { timeout: 900_000, maxBuffer: 16 * 2 ** 20 },
      (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout.trim().split('\n').at(-1)!) as QueryRun)
        else reject(new Error(`the benchmark's process failed: ${stderr}`, { cause: error }))
      },
    )
  })
}
