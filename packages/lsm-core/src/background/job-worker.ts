import { parentPort, workerData } from 'node:worker_threads'

import { isVarveError, messageOf, yieldToEventLoop } from '@varve/base'
import { lowerThreadPriority, nodeFileSystem } from '@varve/vfs'

import { runJob, type Job } from './jobs.ts'
import { ThreadGarbage } from './thread-garbage.ts'
import type { WorkerReply, WorkerRequest, WorkerStart } from './worker-messages.ts'

/** The thread side of {@link WorkerPool}: one job at a time, errors as plain data. */
const port = parentPort!
/** Weighs a third of a thread of the default priority: still fast enough to keep up with a caller that only writes. */
const nicerBy = 5
if ((workerData as WorkerStart).lowPriority) lowerThreadPriority(nicerBy)
const garbage = new ThreadGarbage()
let running: AbortController | undefined

port.on('message', (request: WorkerRequest) => {
  if (request.kind === 'cancel') {
    running?.abort(new Error('the database closes'))
    return
  }
  void run(request.id, request.job)
})

async function run(id: number, job: Job): Promise<void> {
  running = new AbortController()
  let reply: WorkerReply
  try {
    // Between slices the thread listens for a cancel.
    const result = await runJob(job, {
      fileSystem: nodeFileSystem,
      signal: running.signal,
      yieldControl: () => {
        garbage.collectIfDue()
        return yieldToEventLoop()
      },
    })
    reply = { id, memoryBytes: garbage.collectIfDue(), ok: true, result }
  } catch (error) {
    reply = { id, memoryBytes: garbage.collectIfDue(), ok: false, error: describe(error) }
  }
  port.postMessage(reply)
}

function describe(error: unknown): Extract<WorkerReply, { ok: false }>['error'] {
  const text = messageOf(error)
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
