import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'

import { isVarveError } from '@varve/base'
import { nodeFileSystem } from '@varve/vfs'

import { runJob, type Job } from './jobs.ts'
import type { WorkerReply, WorkerRequest, WorkerStart } from './worker-messages.ts'

/** The thread side of {@link WorkerPool}: one job at a time, errors as plain data. */
const port = parentPort!
/** Weighs a third of a thread of the default priority: still fast enough to keep up with a caller that only writes. */
const nicerBy = 5
if ((workerData as WorkerStart).lowPriority) lowerPriority()
let running: AbortController | undefined

port.on('message', (request: WorkerRequest) => {
  if (request.kind === 'cancel') {
    running?.abort(new Error('the database closes'))
    return
  }
  void run(request.id, request.job)
})

/**
 * Where threads have priorities of their own, which is on Linux, the event loop's goes first when there are more threads than
 * processors: else it waits for whole time slices of a compaction. A worker does not find out its thread otherwise.
 */
function lowerPriority(): void {
  if (process.platform !== 'linux') return
  try {
    const thread = /\d+$/.exec(readlinkSync('/proc/thread-self'))
    if (thread !== null) setPriority(Number(thread[0]), nicerBy)
  } catch {
    // No /proc here, or it is forbidden: work is done all the same.
  }
}

async function run(id: number, job: Job): Promise<void> {
  running = new AbortController()
  let reply: WorkerReply
  try {
    // Between slices the thread listens for a cancel.
    const result = await runJob(job, {
      fileSystem: nodeFileSystem,
      signal: running.signal,
      yieldControl: () =>
        new Promise((resolve) => {
          setImmediate(resolve)
        }),
    })
    reply = { id, ok: true, result }
  } catch (error) {
    reply = { id, ok: false, error: describe(error) }
  }
  port.postMessage(reply)
}

function describe(error: unknown): Extract<WorkerReply, { ok: false }>['error'] {
  const text = error instanceof Error ? error.message : String(error)
  const { file, offset } = error as { file?: unknown; offset?: unknown }
  const cause =
    error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined
  return {
    code: isVarveError(error) ? error.code : undefined,
    message: text,
    stack: error instanceof Error ? error.stack : undefined,
    file: typeof file === 'string' ? file : undefined,
    offset: typeof offset === 'number' ? offset : undefined,
    systemCode: typeof cause?.code === 'string' ? cause.code : undefined,
  }
}
