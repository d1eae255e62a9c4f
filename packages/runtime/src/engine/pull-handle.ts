import { yieldToEventLoop } from '@varve/base'

import type { QueryHandle, ResultColumn, ResultRow } from './query-types.ts'

type Batches = Iterable<readonly ResultRow[]> | AsyncIterable<readonly ResultRow[]>

/** What a {@link PullHandle} stands for. */
export interface PullHandleOptions {
  readonly id: string
  readonly columns: readonly ResultColumn[]
  readonly announcesEnd: boolean
  readonly limit: number | undefined
  readonly signal: AbortSignal | undefined
  readonly read: (signal: AbortSignal) => Batches
}

/** A pull query that is read once; between two batches the event loop turns. */
export class PullHandle implements QueryHandle {
  readonly id: string
  readonly kind = 'pull'
  readonly columns: readonly ResultColumn[]
  readonly announcesEnd: boolean
  readonly #limit: number
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #read: (signal: AbortSignal) => Batches
  #end: QueryHandle['end']

  constructor({ id, columns, announcesEnd, limit, signal, read }: PullHandleOptions) {
    this.id = id
    this.columns = columns
    this.announcesEnd = announcesEnd
    this.#limit = limit ?? Infinity
    this.#signal =
      signal === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, signal])
    this.#read = read
  }

  get end(): QueryHandle['end'] {
    return this.#end
  }

  async *batches(): AsyncGenerator<readonly ResultRow[]> {
    let count = 0
    for await (const batch of this.#read(this.#signal)) {
      if (this.#signal.aborted) break
      count += batch.length
      yield batch
      await yieldToEventLoop()
    }
    this.#end = this.#signal.aborted ? 'closed' : count >= this.#limit ? 'limit' : 'complete'
  }

  close(): Promise<void> {
    this.#end ??= 'closed'
    this.#stop.abort()
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
