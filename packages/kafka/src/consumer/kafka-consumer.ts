import { InvalidOptionError, NotOpenError } from '@varve/base'

import type { Consumer, ConsumerOptions, FetchedRecords, TopicPartition } from '../client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { AssignedPartitions, checkOffset } from './assigned-partitions.ts'
import { Fetcher } from './fetcher.ts'
import type { PartitionState } from './partition-state.ts'

const RECORDS_MAX = 10_000
const POLL_TIMEOUT_MS = 100

/** The {@link Consumer} over a {@link Cluster}: hands out what its {@link Fetcher} has buffered. */
export class KafkaConsumer implements Consumer {
  readonly #cluster: Cluster
  readonly #onClosed: () => void
  readonly #partitions: AssignedPartitions
  readonly #fetcher: Fetcher
  readonly #closing = new AbortController()
  readonly #wakers = new Set<() => void>()

  constructor(
    cluster: Cluster,
    options: ConsumerOptions = {},
    onClosed: () => void = () => undefined,
  ) {
    this.#cluster = cluster
    this.#onClosed = onClosed
    const bufferedBytesMax = options.bufferedBytesMax ?? 1024 * 1024
    if (!(bufferedBytesMax > 0)) {
      throw new InvalidOptionError('bufferedBytesMax', 'must be positive')
    }
    this.#partitions = new AssignedPartitions(bufferedBytesMax)
    this.#fetcher = new Fetcher({
      cluster,
      partitions: this.#partitions,
      isolation: options.isolationLevel ?? 'read_committed',
      bufferedBytesMax,
      onOutOfRange: options.onOutOfRange ?? 'fail',
      closing: this.#closing.signal,
      onNews: () => this.#wake(),
    })
  }

  assign(positions: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#checkOpen()
    this.#partitions.replace(positions)
    this.#fetcher.schedule()
  }

  seek(partition: TopicPartition, offset: number): void {
    checkOffset(offset)
    this.#assigned(partition).seek(offset)
    this.#fetcher.schedule()
  }

  position(partition: TopicPartition): number | undefined {
    return this.#partitions.find(partition)?.position
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned(partition).paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned(partition).paused = false
    this.#fetcher.schedule()
    this.#wake()
  }

  knownEnd(partition: TopicPartition): number | undefined {
    return this.#fetcher.knownEnd(partition)
  }

  async poll(
    options: {
      readonly timeoutMs?: number
      readonly maxRecords?: number
      readonly signal?: AbortSignal
    } = {},
  ): Promise<FetchedRecords[]> {
    const deadline = this.#cluster.deadline(options.timeoutMs ?? POLL_TIMEOUT_MS)
    const maxRecords = options.maxRecords ?? RECORDS_MAX
    for (;;) {
      this.#checkOpen()
      options.signal?.throwIfAborted()
      const taken = this.#partitions.take(maxRecords)
      this.#fetcher.schedule()
      if (taken.length > 0) return taken
      this.#fetcher.throwErrors()
      if (deadline.passed) return []
      await this.#untilWoken(deadline.remainingMs, options.signal)
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new NotOpenError('the consumer was closed'))
    this.#fetcher.abort(this.#closing.signal.reason)
    this.#partitions.clear()
    this.#wake()
    await this.#fetcher.idle()
    this.#onClosed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #untilWoken(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', done)
        this.#wakers.delete(done)
        resolve()
      }
      const timer = this.#cluster.clock.setTimer(done, timeoutMs)
      signal?.addEventListener('abort', done, { once: true })
      this.#wakers.add(done)
    })
  }

  #wake(): void {
    for (const waker of [...this.#wakers]) waker()
  }

  #assigned(partition: TopicPartition): PartitionState {
    this.#checkOpen()
    return this.#partitions.get(partition)
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new NotOpenError('the consumer is closed')
  }
}
