import type { QueryHandle, ResultColumn, ResultRow } from './query-types.ts'

type Batches = Iterable<readonly ResultRow[]> | AsyncIterable<readonly ResultRow[]>

/** A pull query that is read once; between two batches the event loop turns. */
export class PullHandle implements QueryHandle {
  readonly id: string
  readonly kind = 'pull'
  readonly columns: readonly ResultColumn[]
  readonly #limit: number
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #read: (signal: AbortSignal) => Batches
  #end: QueryHandle['end']

  constructor(
    id: string,
    columns: readonly ResultColumn[],
    limit: number | undefined,
    signal: AbortSignal | undefined,
    read: (signal: AbortSignal) => Batches,
  ) {
    this.id = id
    this.columns = columns
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
      await new Promise((resolve) => setImmediate(resolve))
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
