import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

import { AbortedError, CorruptionError, IoError } from '@varve/base'
import type { JobResult } from '@varve/compaction'
import type { BlockCache } from '@varve/sst-format'

import type { Job } from './jobs.ts'
import { ThreadMemory } from './thread-memory.ts'
import type { WorkerError, WorkerReply, WorkerRequest, WorkerStart } from './worker-messages.ts'

interface QueuedJob {
  readonly job: Job
  readonly cache: BlockCache
  readonly signal: AbortSignal
  readonly onAbort: () => void
  resolve(result: JobResult): void
  reject(error: unknown): void
}

interface PoolWorker {
  readonly worker: Worker
  /** Kept free for flushes. */
  readonly flushesOnly: boolean
  readonly memory: ThreadMemory
  current: QueuedJob | undefined
  idleTimer: NodeJS.Timeout | undefined
}

/** A thread that had nothing to do for so long ends, and its memory with it: starting one takes some tens of milliseconds. */
const idleMs = 30_000

/**
 * What jobs allocate dies at once, so that room for the young buys them nothing; without a bound each thread keeps four times as
 * much of it resident.
 */
const youngGenerationMb = 3

/**
 * The threads that flush and compact for all databases of the process: made when first needed, and no reason for the process to
 * stay alive while idle. Flushes go before compactions, because writes wait for them, and have one thread to themselves; those that
 * compact run at a lower priority, so that neither the caller nor a flush waits for a processor.
 */
class WorkerPool {
  readonly #workers: PoolWorker[] = []
  readonly #queue: QueuedJob[] = []
  readonly #maxCompactions = Math.max(1, Math.min(8, availableParallelism() - 1))
  #nextId = 1

  /**
   * Runs a job in some thread, whose memory counts against the budget of `cache`; a signal that fires takes it off the queue or stops
   * it.
   */
  run(job: Job, cache: BlockCache, signal: AbortSignal): Promise<JobResult> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#cancel(queued)
      const settle = (): void => signal.removeEventListener('abort', onAbort)
      const queued: QueuedJob = {
        job,
        cache,
        signal,
        onAbort,
        resolve: (result) => {
          settle()
          resolve(result)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      }
      if (signal.aborted) {
        reject(new AbortedError('the database closes'))
        return
      }
      signal.addEventListener('abort', queued.onAbort, { once: true })
      if (job.kind === 'flush') {
        const at = this.#queue.findIndex((other) => other.job.kind !== 'flush')
        this.#queue.splice(at < 0 ? this.#queue.length : at, 0, queued)
      } else {
        this.#queue.push(queued)
      }
      this.#dispatch()
    })
  }

  #dispatch(): void {
    for (;;) {
      const at = this.#queue.findIndex(({ job }) => job.kind === 'flush' || this.#mayCompact)
      if (at < 0) return
      const idle = this.#idleFor(this.#queue[at]!.job.kind)
      if (idle === undefined) return
      const [queued] = this.#queue.splice(at, 1)
      idle.current = queued!
      clearTimeout(idle.idleTimer)
      idle.memory.workFor(queued!.cache)
      idle.worker.ref()
      post(idle.worker, { kind: 'run', id: this.#nextId++, job: queued!.job })
    }
  }

  get #mayCompact(): boolean {
    const compactions = this.#workers.filter(({ current }) => current?.job.kind === 'compaction')
    return compactions.length < this.#maxCompactions
  }

  /** A thread for a job: for flushes their own one first. */
  #idleFor(kind: Job['kind']): PoolWorker | undefined {
    const flushes = this.#workers.find(({ flushesOnly }) => flushesOnly)
    if (kind === 'flush') {
      if (flushes === undefined) return this.#spawn(true)
      if (flushes.current === undefined) return flushes
    }
    const others = this.#workers.filter(({ flushesOnly }) => !flushesOnly)
    const idle = others.find(({ current }) => current === undefined)
    return idle ?? (others.length < this.#maxCompactions ? this.#spawn(false) : undefined)
  }

  #spawn(flushesOnly: boolean): PoolWorker {
    // From source the thread needs the same export condition as the process.
    const fromSource = import.meta.url.endsWith('.ts')
    const worker = new Worker(
      new URL(fromSource ? './job-worker.ts' : './job-worker.js', import.meta.url),
      {
        execArgv: fromSource ? ['--conditions=@varve/source'] : [],
        name: flushesOnly ? 'varve-flush' : 'varve-background',
        workerData: { lowPriority: !flushesOnly } satisfies WorkerStart,
        resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
      },
    )
    worker.unref()
    const entry: PoolWorker = {
      worker,
      flushesOnly,
      memory: new ThreadMemory(),
      current: undefined,
      idleTimer: undefined,
    }
    worker.on('message', (reply: WorkerReply) => this.#finish(entry, reply))
    worker.on('error', (error) => this.#lose(entry, error))
    worker.on('exit', () => this.#lose(entry, new Error('background thread ended')))
    this.#workers.push(entry)
    return entry
  }

  #finish(entry: PoolWorker, reply: WorkerReply): void {
    const queued = entry.current
    entry.current = undefined
    entry.worker.unref()
    entry.memory.update(reply.memoryBytes)
    entry.idleTimer = setTimeout(() => this.#end(entry), idleMs).unref()
    if (reply.ok) queued?.resolve(reply.result)
    else
      queued?.reject(
        queued.signal.aborted ? new AbortedError('the database closes') : toError(reply.error),
      )
    this.#dispatch()
  }

  /** Lets an idle thread go. */
  #end(entry: PoolWorker): void {
    this.#remove(entry)
    void entry.worker.terminate()
  }

  #remove(entry: PoolWorker): boolean {
    const at = this.#workers.indexOf(entry)
    if (at < 0) return false
    this.#workers.splice(at, 1)
    clearTimeout(entry.idleTimer)
    entry.memory.release()
    return true
  }

  /** A thread died: its job fails, the next job gets a new thread. */
  #lose(entry: PoolWorker, error: unknown): void {
    if (!this.#remove(entry)) return
    entry.current?.reject(new IoError('background thread failed', { cause: error }))
    entry.current = undefined
    this.#dispatch()
  }

  #cancel(queued: QueuedJob): void {
    const at = this.#queue.indexOf(queued)
    if (at >= 0) {
      this.#queue.splice(at, 1)
      queued.reject(new AbortedError('the database closes'))
      return
    }
    const entry = this.#workers.find(({ current }) => current === queued)
    if (entry !== undefined) post(entry.worker, { kind: 'cancel' })
  }
}

/** The pool of this process. */
export const workerPool: WorkerPool = new WorkerPool()

function post(worker: Worker, request: WorkerRequest): void {
  worker.postMessage(request)
}

function toError({ code, message, stack, file, offset, systemCode }: WorkerError): Error {
  const cause = Object.assign(
    new Error(message),
    systemCode === undefined ? {} : { code: systemCode },
  )
  if (stack !== undefined) cause.stack = stack
  if (code === 'VARVE_CORRUPTION') {
    const where =
      file === undefined ? message : message.replace(/ in "[^"]*"( at offset \d+)?$/, '')
    return new CorruptionError(where, {
      ...(file === undefined ? {} : { file }),
      ...(offset === undefined ? {} : { offset }),
      cause,
    })
  }
  return new IoError(message, { cause })
}
