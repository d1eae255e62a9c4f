import { InvalidOptionError, NotOpenError, TimeoutError, type Timer } from '@varve/base'
import { ErrorCode, type FetchResponse } from '@varve/kafka-protocol'

import type {
  Consumer,
  ConsumerOptions,
  FetchedRecords,
  IsolationLevel,
  TopicPartition,
} from '../client.ts'
import { untilAborted } from '../cluster/abort.ts'
import { byTopic } from '../cluster/by-topic.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { isTransient, reactionTo } from '../cluster/error-class.ts'
import { listOffsets } from '../cluster/list-offsets.ts'
import { KafkaError, OffsetOutOfRangeError } from '../errors.ts'
import { PartitionState } from './partition-state.ts'

/** How long the broker holds a fetch back that finds nothing. */
const FETCH_WAIT_MS = 500
const FETCH_BYTES_MAX = 50 * 1024 * 1024
const FIRST_PAUSE_MS = 20
const RECORDS_MAX = 10_000
const POLL_TIMEOUT_MS = 100

/** Within this time a first fetch of a partition that has data is answered. */
const FRESH_FETCH_MS = 20

interface NodeFetch {
  readonly partitions: ReadonlySet<PartitionState>
  readonly abort: AbortController
  readonly startedAtMs: number
  recheck: Timer | undefined
}

/** The {@link Consumer} over a {@link Cluster}: at most one fetch on its way per node, holding every partition that has room. */
export class KafkaConsumer implements Consumer {
  readonly #cluster: Cluster
  readonly #onClosed: () => void
  readonly #isolation: IsolationLevel
  readonly #bufferedBytesMax: number
  readonly #onOutOfRange: 'fail' | 'earliest' | 'latest'
  readonly #partitions = new Map<string, PartitionState>()
  readonly #fetches = new Map<number, NodeFetch>()
  readonly #running = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  readonly #wakers = new Set<() => void>()
  #turn = 0
  #refreshing = false
  /** Since when nothing was heard from the brokers, monotonic. */
  #failingSinceMs: number | undefined
  #lastFailure: unknown
  #fatal: { readonly error: unknown } | undefined
  #pauseStepMs = FIRST_PAUSE_MS

  constructor(
    cluster: Cluster,
    options: ConsumerOptions = {},
    onClosed: () => void = () => undefined,
  ) {
    this.#cluster = cluster
    this.#onClosed = onClosed
    this.#isolation = options.isolationLevel ?? 'read_committed'
    this.#bufferedBytesMax = options.bufferedBytesMax ?? 1024 * 1024
    this.#onOutOfRange = options.onOutOfRange ?? 'fail'
    if (!(this.#bufferedBytesMax > 0)) {
      throw new InvalidOptionError('bufferedBytesMax', 'must be positive')
    }
  }

  assign(positions: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#checkOpen()
    const kept = new Set<string>()
    for (const { topic, partition, offset } of positions) {
      checkOffset(offset)
      const key = keyOf(topic, partition)
      kept.add(key)
      if (this.#partitions.has(key)) continue
      this.#partitions.set(
        key,
        new PartitionState(topic, partition, offset, this.#bufferedBytesMax),
      )
    }
    for (const [key, state] of this.#partitions) {
      if (kept.has(key)) continue
      state.seeks++
      this.#partitions.delete(key)
    }
    this.#schedule()
  }

  seek(partition: TopicPartition, offset: number): void {
    checkOffset(offset)
    this.#assigned(partition).seek(offset)
    this.#schedule()
  }

  position(partition: TopicPartition): number | undefined {
    return this.#partitions.get(keyOf(partition.topic, partition.partition))?.position
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned(partition).paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned(partition).paused = false
    this.#schedule()
    this.#wake()
  }

  knownEnd(partition: TopicPartition): number | undefined {
    const state = this.#partitions.get(keyOf(partition.topic, partition.partition))
    return this.#isolation === 'read_committed' ? state?.lastStableOffset : state?.highWatermark
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
      const taken = this.#take(maxRecords)
      this.#schedule()
      if (taken.length > 0) return taken
      this.#throwErrors()
      if (deadline.passed) return []
      await this.#untilWoken(deadline.remainingMs, options.signal)
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new NotOpenError('the consumer was closed'))
    for (const fetch of this.#fetches.values()) fetch.abort.abort(this.#closing.signal.reason)
    this.#partitions.clear()
    this.#wake()
    await Promise.all(this.#running)
    this.#onClosed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Buffered records, an equal share for each partition first, what is left over then. */
  #take(maxRecords: number): FetchedRecords[] {
    const states = [...this.#partitions.values()].filter((s) => s.hasBuffered && !s.paused)
    if (states.length === 0) return []
    const taken: FetchedRecords[] = []
    let left = maxRecords
    const first = this.#turn++ % states.length
    for (let index = 0; index < states.length && left > 0; index++) {
      const state = states[(first + index) % states.length]!
      const share = Math.ceil(left / (states.length - index))
      const fetched = state.take(share)
      if (fetched === undefined) continue
      taken.push(fetched)
      left -= fetched.records.length
    }
    return taken
  }

  #throwErrors(): void {
    for (const state of this.#partitions.values()) {
      if (state.error === undefined || state.hasBuffered || state.paused) continue
      const { error } = state
      if (!state.stuck) {
        state.error = undefined
        this.#schedule()
      }
      throw error
    }
    if (this.#fatal !== undefined) {
      const { error } = this.#fatal
      this.#fatal = undefined
      throw error
    }
    if (this.#failingSinceMs === undefined) return
    const failingMs = this.#cluster.clock.monotonicMs() - this.#failingSinceMs
    if (failingMs < this.#cluster.requestDeadlineMs) return
    this.#failingSinceMs = undefined
    throw new TimeoutError(
      `no fetch answered by ${this.#cluster.address} for ${Math.round(failingMs)} ms`,
      { cause: this.#lastFailure },
    )
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

  /** Sends a fetch to every node that has none on its way and leads a partition with room. */
  #schedule(): void {
    if (this.#closing.signal.aborted) return
    const wanted = new Map<number, PartitionState[]>()
    const leaderless = new Set<string>()
    for (const state of this.#partitions.values()) {
      if (state.paused || state.fetching || state.error !== undefined) continue
      if (state.bufferedBytes >= this.#bufferedBytesMax) continue
      const leader = this.#cluster.knownLeader(state.topic, state.partition)
      if (leader === undefined) {
        leaderless.add(state.topic)
        continue
      }
      const group = wanted.get(leader)
      if (group === undefined) wanted.set(leader, [state])
      else group.push(state)
    }
    if (leaderless.size > 0) this.#findLeaders([...leaderless])
    for (const [nodeId, states] of wanted) {
      const running = this.#fetches.get(nodeId)
      if (running === undefined) this.#run(this.#fetch(nodeId, states))
      else if (states.some((state) => !running.partitions.has(state))) this.#join(running)
    }
  }

  /**
   * Partitions have room that a fetch on its way does not ask for. If that one merely waits for new data, it is given up for one that
   * asks for all; if it is about to bring data, it is worth waiting for.
   */
  #join(running: NodeFetch): void {
    let known = true
    for (const state of running.partitions) {
      const end = this.knownEnd(state)
      if (end === undefined) known = false
      else if (state.fetchPosition < end) return
    }
    const { clock } = this.#cluster
    const youngMs = FRESH_FETCH_MS - (clock.monotonicMs() - running.startedAtMs)
    if (known || youngMs <= 0) running.abort.abort(restart)
    else running.recheck ??= clock.setTimer(() => this.#schedule(), youngMs + 1)
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  #findLeaders(topics: readonly string[]): void {
    if (this.#refreshing) return
    this.#refreshing = true
    const work = async (): Promise<void> => {
      try {
        await this.#cluster.refresh(topics)
        const missing = topics.filter((topic) => this.#cluster.knownTopic(topic) === undefined)
        if (missing.length === 0) this.#succeeded()
        else {
          const [topic] = missing
          this.#failed(
            new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic "${topic}"`, {
              topic: topic!,
            }),
          )
        }
        const stillWithout = [...this.#partitions.values()].some(
          (s) => this.#cluster.knownLeader(s.topic, s.partition) === undefined,
        )
        if (stillWithout) await this.#sleep(100)
      } catch (error) {
        this.#failed(error)
        await this.#sleep(200)
      } finally {
        this.#refreshing = false
      }
      this.#schedule()
    }
    this.#run(work())
  }

  async #fetch(nodeId: number, states: readonly PartitionState[]): Promise<void> {
    const fetch: NodeFetch = {
      partitions: new Set(states),
      abort: new AbortController(),
      startedAtMs: this.#cluster.clock.monotonicMs(),
      recheck: undefined,
    }
    this.#fetches.set(nodeId, fetch)
    const seeks = states.map((state) => state.seeks)
    for (const state of states) state.fetching = true
    let pauseMs = 0
    try {
      const sent = this.#cluster.sendOnce(
        { kind: 'node', nodeId },
        'Fetch',
        {
          maxWaitMs: FETCH_WAIT_MS,
          minBytes: 1,
          maxBytes: FETCH_BYTES_MAX,
          isolationLevel: this.#isolation === 'read_committed' ? 1 : 0,
          topics: byTopic(states, (state) => ({
            partition: state.partition,
            currentLeaderEpoch: -1,
            fetchOffset: state.fetchPosition,
            maxBytes: state.fetchBytesMax,
          })),
        },
        { lane: 'fetch', signal: fetch.abort.signal, timeoutMs: FETCH_WAIT_MS + 30_000 },
      )
      const response = await untilAborted(sent, fetch.abort.signal)
      pauseMs = await this.#accept(response, states, seeks)
    } catch (error) {
      if (!fetch.abort.signal.aborted) {
        this.#failed(error)
        // Another node may lead by now.
        for (const topic of new Set(states.map((state) => state.topic))) {
          this.#cluster.forgetTopic(topic)
        }
        pauseMs = this.#nextPauseMs()
      }
    } finally {
      for (const state of states) state.fetching = false
      fetch.recheck?.cancel()
    }
    if (pauseMs > 0) await this.#sleep(pauseMs)
    this.#fetches.delete(nodeId)
    this.#wake()
    this.#schedule()
  }

  /** Hands each partition its part; returns how long to wait before the next fetch. */
  async #accept(
    response: FetchResponse,
    states: readonly PartitionState[],
    seeks: readonly number[],
  ): Promise<number> {
    if (response.errorCode !== ErrorCode.NONE) {
      throw new KafkaError(response.errorCode, 'fetch')
    }
    const sought = new Map(states.map((state, index) => [state, seeks[index]]))
    let pauseMs = response.throttleTimeMs
    let heard = false
    for (const { topic, partitions } of response.topics) {
      for (const answer of partitions) {
        const state = this.#partitions.get(keyOf(topic, answer.partition))
        if (state === undefined || sought.get(state) !== state.seeks) continue
        if (answer.errorCode === ErrorCode.NONE) {
          heard = true
          try {
            state.accept({
              records: answer.records,
              highWatermark: answer.highWatermark,
              lastStableOffset: answer.lastStableOffset,
              aborted:
                this.#isolation === 'read_committed' ? answer.abortedTransactions : undefined,
            })
          } catch (error) {
            state.error = error
            state.stuck = true
          }
          continue
        }
        if (await this.#partitionFailed(state, answer.errorCode)) {
          pauseMs = Math.max(pauseMs, this.#nextPauseMs())
        } else heard = true
      }
    }
    if (heard) this.#succeeded()
    return pauseMs
  }

  /** True when the partition is to be tried again after a pause. */
  async #partitionFailed(state: PartitionState, errorCode: number): Promise<boolean> {
    const { topic, partition } = state
    const error = new KafkaError(errorCode, `fetch of ${topic}-${partition}`, { topic, partition })
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return this.#outOfRange(state)
    switch (reactionTo(errorCode, 'Fetch')) {
      case 'metadata':
        this.#cluster.forgetTopic(topic)
        this.#failed(error)
        return true
      case 'backoff':
      case 'settle':
      case 'coordinator':
        this.#failed(error)
        return true
      case 'fatal':
        state.error = error
        state.stuck = errorCode === ErrorCode.CORRUPT_MESSAGE
        return false
    }
  }

  async #outOfRange(state: PartitionState): Promise<boolean> {
    const { topic, partition, fetchPosition, seeks } = state
    let logStart: number
    let logEnd: number
    try {
      const deadline = this.#cluster.deadline()
      const signal = this.#closing.signal
      const options = { deadline, signal }
      logStart = (
        await listOffsets(this.#cluster, [{ topic, partition, timestamp: -2 }], 0, options)
      )[0]!.offset
      logEnd = (
        await listOffsets(this.#cluster, [{ topic, partition, timestamp: -1 }], 0, options)
      )[0]!.offset
    } catch (error) {
      state.error = error
      return false
    }
    // A seek meanwhile, or the log moved again: try once more with what holds now.
    if (state.seeks !== seeks) return false
    if (fetchPosition >= logStart && fetchPosition <= logEnd) return true
    if (this.#onOutOfRange === 'fail') {
      state.error = new OffsetOutOfRangeError({
        topic,
        partition,
        position: fetchPosition,
        logStart,
        logEnd,
      })
      state.stuck = true
      return false
    }
    if (state.hasBuffered) return true
    state.seek(this.#onOutOfRange === 'earliest' ? logStart : logEnd)
    return false
  }

  #succeeded(): void {
    this.#failingSinceMs = undefined
    this.#pauseStepMs = FIRST_PAUSE_MS
  }

  #failed(error: unknown): void {
    this.#lastFailure = error
    this.#failingSinceMs ??= this.#cluster.clock.monotonicMs()
    if (!isTransient(error) && !(error instanceof KafkaError)) {
      // Nothing that waiting heals: said at the next poll.
      this.#fatal = { error }
    }
    if (error instanceof KafkaError && reactionTo(error.errorCode, 'Fetch') === 'fatal') {
      for (const state of this.#partitions.values()) {
        if (error.topic === undefined || state.topic === error.topic) state.error ??= error
      }
    }
    this.#wake()
  }

  #nextPauseMs(): number {
    const pauseMs = this.#pauseStepMs
    this.#pauseStepMs = Math.min(pauseMs * 2, 1000)
    return pauseMs * (0.5 + this.#cluster.random.next() / 2)
  }

  async #sleep(ms: number): Promise<void> {
    try {
      await this.#cluster.clock.sleep(ms, this.#closing.signal)
    } catch {
      // Closed: the loop sees it.
    }
  }

  #assigned(partition: TopicPartition): PartitionState {
    this.#checkOpen()
    const state = this.#partitions.get(keyOf(partition.topic, partition.partition))
    if (state === undefined) {
      throw new InvalidOptionError(
        'partition',
        `${partition.topic}-${partition.partition} is not assigned`,
      )
    }
    return state
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new NotOpenError('the consumer is closed')
  }
}

const restart = new Error('the fetch is sent anew with more partitions')

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function checkOffset(offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new InvalidOptionError('offset', `${offset} is not an offset`)
  }
}
