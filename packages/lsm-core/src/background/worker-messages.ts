import type { JobResult } from '@varve/compaction'

import type { Job } from './jobs.ts'

/** What a worker begins with. */
export interface WorkerStart {
  /** Give way to the other threads of the process when there are more of them than processors. */
  readonly lowPriority: boolean
}

/** To a worker. */
export type WorkerRequest =
  | { readonly kind: 'run'; readonly id: number; readonly job: Job }
  /** Give up the job that runs. */
  | { readonly kind: 'cancel' }

/** An error as plain data: class instances do not cross threads. */
export interface WorkerError {
  readonly code: string | undefined
  readonly message: string
  readonly stack: string | undefined
  readonly file: string | undefined
  readonly offset: number | undefined
  /** Code of the system, such as ENOSPC. */
  readonly systemCode: string | undefined
}

/** From a worker. */
export type WorkerReply = {
  readonly id: number
  /** Heap and buffers of the thread. */
  readonly memoryBytes: number
} & (
  | { readonly ok: true; readonly result: JobResult }
  | { readonly ok: false; readonly error: WorkerError }
)
