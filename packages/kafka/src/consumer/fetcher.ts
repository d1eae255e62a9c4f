import type { Timer } from '@varve/base'
import { ErrorCode, type FetchResponse } from '@varve/kafka-protocol'

import type { IsolationLevel, TopicPartition } from '../client.ts'
import { untilAborted } from '../cluster/abort.ts'
import { byTopic } from '../cluster/by-topic.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { reactionTo } from '../cluster/error-class.ts'
import { KafkaError } from '../errors.ts'
import type { AssignedPartitions } from './assigned-partitions.ts'
import { FetchFailures } from './fetch-failures.ts'
import { resolveOutOfRange, type OutOfRangeReaction } from './out-of-range.ts'
import type { PartitionState } from './partition-state.ts'

/** How long the broker holds a fetch back that finds nothing. */
const FETCH_WAIT_MS = 500
const FETCH_BYTES_MAX = 50 * 1024 * 1024

/** Within this time a first fetch of a partition that has data is answered. */
const FRESH_FETCH_MS = 20

const restart = new Error('the fetch is sent anew with more partitions')

interface NodeFetch {
  readonly partitions: ReadonlySet<PartitionState>
  readonly abort: AbortController
  readonly startedAtMs: number
  recheck: Timer | undefined
}

/** What fetching needs of its consumer. */
export interface FetcherEnvironment {
  readonly cluster: Cluster
  readonly partitions: AssignedPartitions
  readonly isolation: IsolationLevel
  /** Bytes that a partition may hold unread before it is not fetched any more. */
  readonly bufferedBytesMax: number
  readonly onOutOfRange: OutOfRangeReaction
  /** Aborted when the consumer closes. */
  readonly closing: AbortSignal
  /** Records came, or a failure: who polls looks again. */
  readonly onNews: () => void
}

/** Fetches for a consumer: at most one request on its way per node, holding every partition that has room. */
export class Fetcher {
  readonly #cluster: Cluster
  readonly #partitions: AssignedPartitions
  readonly #of: FetcherEnvironment
  readonly #failures: FetchFailures
  readonly #fetches = new Map<number, NodeFetch>()
  readonly #running = new Set<Promise<void>>()
  #refreshing = false

  constructor(environment: FetcherEnvironment) {
    this.#of = environment
    this.#cluster = environment.cluster
    this.#partitions = environment.partitions
    this.#failures = new FetchFailures(this.#cluster.clock, this.#cluster.random)
  }

  /** The end that readers of this isolation see, as far as an answer told it. */
  knownEnd(partition: TopicPartition): number | undefined {
    const state = this.#partitions.find(partition)
    return this.#of.isolation === 'read_committed' ? state?.lastStableOffset : state?.highWatermark
  }

  /** Throws the error of a partition whose records are all handed out, or one of fetching as a whole. */
  throwErrors(): void {
    for (const state of this.#partitions.values()) {
      if (state.error === undefined || state.hasBuffered || state.paused) continue
      const { error } = state
      if (!state.stuck) {
        state.error = undefined
        this.schedule()
      }
      throw error
    }
    this.#failures.throwLasting(this.#cluster.requestDeadlineMs, this.#cluster.address)
  }

  /** Gives up the requests on their way; {@link idle} resolves when they are gone. */
  abort(reason: unknown): void {
    for (const fetch of this.#fetches.values()) fetch.abort.abort(reason)
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Sends a fetch to every node that has none on its way and leads a partition with room. */
  schedule(): void {
    if (this.#of.closing.aborted) return
    const wanted = new Map<number, PartitionState[]>()
    const leaderless = new Set<string>()
    for (const state of this.#partitions.values()) {
      if (state.paused || state.fetching || state.error !== undefined) continue
      if (state.bufferedBytes >= this.#of.bufferedBytesMax) continue
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
    else running.recheck ??= clock.setTimer(() => this.schedule(), youngMs + 1)
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
        if (missing.length === 0) this.#failures.succeeded()
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
      this.schedule()
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
          isolationLevel: this.#of.isolation === 'read_committed' ? 1 : 0,
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
        pauseMs = this.#failures.nextPauseMs()
      }
    } finally {
      for (const state of states) state.fetching = false
      fetch.recheck?.cancel()
    }
    if (pauseMs > 0) await this.#sleep(pauseMs)
    this.#fetches.delete(nodeId)
    this.#of.onNews()
    this.schedule()
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
        const state = this.#partitions.find({ topic, partition: answer.partition })
        if (state === undefined || sought.get(state) !== state.seeks) continue
        if (answer.errorCode === ErrorCode.NONE) {
          heard = true
          try {
            state.accept({
              records: answer.records,
              highWatermark: answer.highWatermark,
              lastStableOffset: answer.lastStableOffset,
              aborted:
                this.#of.isolation === 'read_committed' ? answer.abortedTransactions : undefined,
            })
          } catch (error) {
            state.error = error
            state.stuck = true
          }
          continue
        }
        if (await this.#partitionFailed(state, answer.errorCode)) {
          pauseMs = Math.max(pauseMs, this.#failures.nextPauseMs())
        } else heard = true
      }
    }
    if (heard) this.#failures.succeeded()
    return pauseMs
  }

  /** True when the partition is to be tried again after a pause. */
  async #partitionFailed(state: PartitionState, errorCode: number): Promise<boolean> {
    const { topic, partition } = state
    const error = new KafkaError(errorCode, `fetch of ${topic}-${partition}`, { topic, partition })
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      return resolveOutOfRange(this.#cluster, state, this.#of.onOutOfRange, this.#of.closing)
    }
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

  #failed(error: unknown): void {
    this.#failures.failed(error)
    if (error instanceof KafkaError && reactionTo(error.errorCode, 'Fetch') === 'fatal') {
      for (const state of this.#partitions.values()) {
        if (error.topic === undefined || state.topic === error.topic) state.error ??= error
      }
    }
    this.#of.onNews()
  }

  async #sleep(ms: number): Promise<void> {
    try {
      await this.#cluster.clock.sleep(ms, this.#of.closing)
    } catch {
      // Closed: the loop sees it.
    }
  }
}
