import type { Row } from '@varve/serde'
import type { PushQueryPlan } from '@varve/sql'
import type { RecordContext, StreamsApplication, Topology } from '@varve/streams'

import type { QueryHandle, ResultColumn } from '../engine/query-types.ts'
import { compilePlan, finish, type CompilePlanOptions } from '../lowering/compile-plan.ts'
import type { PlanKey } from '../lowering/flow.ts'
import { RowQueue } from './row-queue.ts'
import type { ApplicationCallbacks } from './persistent-query.ts'

/** What {@link startPushQuery} needs. */
export interface PushQueryOptions {
  readonly id: string
  readonly plan: PushQueryPlan
  readonly compile: Omit<CompilePlanOptions, 'emit'>
  readonly bufferedRowsMax: number
  readonly signal?: AbortSignal
  readonly createApplication: (
    topology: Topology,
    callbacks: Pick<ApplicationCallbacks, 'onError'>,
  ) => StreamsApplication
  /** Called once, after everything of the query is gone. */
  readonly onClosed: () => void
  /** Its group or internal topics could not be removed: left behind, harmless. */
  readonly onCleanUpFailure: (error: unknown) => void
}

/** Starts a transient query: its own application, with state in memory, whose last node hands rows to a queue. */
export async function startPushQuery(options: PushQueryOptions): Promise<QueryHandle> {
  const query = new PushQuery(options)
  await query.start()
  return query
}

class PushQuery implements QueryHandle {
  readonly id: string
  readonly kind = 'push'
  readonly announcesEnd = true
  readonly columns: readonly ResultColumn[]
  readonly #options: PushQueryOptions
  readonly #queue: RowQueue
  readonly #application: StreamsApplication
  readonly #onAbort = (): void => void this.close()
  /** Whether the reader wants rows. */
  #wanted = true
  #closing: Promise<void> | undefined

  constructor(options: PushQueryOptions) {
    this.id = options.id
    this.#options = options
    this.columns = options.plan.output.map(({ name, type, key }) => ({ name, type, key }))
    this.#queue = new RowQueue(
      options.bufferedRowsMax,
      () => this.#pause(),
      () => this.#resume(),
    )
    this.#application = options.createApplication(this.#buildTopology(), {
      onError: (error) => this.#fail(error),
    })
  }

  get end(): QueryHandle['end'] {
    const kind = this.#queue.end?.kind
    return kind === 'failed' ? undefined : kind
  }

  async start(): Promise<void> {
    const { signal } = this.#options
    try {
      signal?.throwIfAborted()
      await this.#application.start()
    } catch (error) {
      await this.close()
      throw error
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (signal?.aborted === true) await this.close()
  }

  async *batches(): ReturnType<RowQueue['batches']> {
    try {
      yield* this.#queue.batches()
    } finally {
      await this.close()
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #pause(): void {
    this.#wanted = false
    this.#application.pause().then(
      () => {
        // The reader may have caught up while the application was still coming to rest.
        if (this.#wanted) this.#resume()
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #resume(): void {
    this.#wanted = true
    // One that failed has said so.
    const { state } = this.#application
    if (state !== 'error' && state !== 'closing' && state !== 'closed') this.#application.resume()
  }

  #fail(error: unknown): void {
    this.#queue.finish({ kind: 'failed', error })
  }

  async #close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#queue.finish({ kind: 'closed' })
    try {
      await this.#application.close()
      await this.#application.cleanUp().catch(this.#options.onCleanUpFailure)
    } finally {
      this.#options.onClosed()
    }
  }

  #buildTopology(): Topology {
    const { plan, compile } = this.#options
    const compiled = compilePlan(plan.root, { ...compile, emit: plan.emit })
    const { flow, context } = compiled
    const output = plan.output.map((column) => context.compile(column))
    const evaluation = context.evaluation('Project', flow.windowed)
    const limit = plan.limit ?? Infinity
    let count = 0
    if (limit === 0) this.#queue.finish({ kind: 'limit' })
    const emit = (key: PlanKey, value: Row | null, record: RecordContext): void => {
      if (count >= limit) return
      const keyRow = evaluation.moveTo(key, record)
      const tombstone = value === null
      const values = output.map((column, i) =>
        tombstone && !plan.output[i]!.key ? null : column(keyRow, value, evaluation),
      )
      this.#queue.push({ values, tombstone })
      count += 1
      if (count >= limit) this.#queue.finish({ kind: 'limit' })
    }
    if (flow.kind === 'stream') {
      flow.stream.filter((_key, value) => value !== null).peek(emit)
    } else {
      flow.table.toStream().peek(emit)
    }
    return finish(compiled)
  }
}
