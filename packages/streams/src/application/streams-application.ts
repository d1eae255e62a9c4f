import {
  AbortedError,
  InvalidOptionError,
  NotOpenError,
  systemClock,
  TimeoutError,
  type Clock,
} from '@varve/base'
import { KafkaError, type GroupMember, type TopicPartition } from '@varve/kafka'

import type { StateLease } from '../state/task-database.ts'
import type { ReadOnlyKeyValueStore, ReadOnlyWindowStore } from '../state/store.ts'
import type { StreamsApplicationApi } from './api.ts'
import { committedKeyValueStore, committedWindowStore } from './committed-stores.ts'
import {
  internalTopicsOf,
  prepareTopics,
  topicName,
  type TopologyPartitions,
} from './internal-topics.ts'
import type {
  ApplicationMetrics,
  ApplicationState,
  CommittedChange,
  Position,
  StreamsApplicationOptions,
} from './options.ts'
import { StreamsWorker } from './streams-worker.ts'
import { subscribedTopics } from './subscribed-topics.ts'
import { taskAssignor } from './task-assignor.ts'
import { partitionKey, sourceTopicsOf, type TaskId } from './task-id.ts'

/** Kafka's error code for a group that has members. */
const nonEmptyGroup = 68

type ChangeListener = (change: CommittedChange) => void

/**
 * Runs a topology on a broker: a member of the group named after the application, with its share of the tasks and their state.
 *
 * @example
 * ```ts
 * await using application = new StreamsApplication({
 *   applicationId: 'totals',
 *   topology: builder.build(),
 *   kafka,
 *   storage: lsmStateStorage({ directory: './state' }),
 * })
 * await application.start()
 * application.store<string, number>('counts').get('alice')
 * ```
 */
export class StreamsApplication implements StreamsApplicationApi {
  readonly applicationId: string
  readonly #options: StreamsApplicationOptions
  readonly #clock: Clock
  readonly #listeners = new Map<string, Set<ChangeListener>>()
  readonly #watched = new Set<string>()
  readonly #waiting = new Set<() => void>()
  #state: ApplicationState = 'created'
  #lease: StateLease | undefined
  #partitions: TopologyPartitions | undefined
  #worker: StreamsWorker | undefined
  #member: GroupMember | undefined
  #localTasks: readonly string[] = []
  #paused = false
  #firstRun: PromiseWithResolvers<void> | undefined
  #closed: Promise<void> | undefined
  #failing: Promise<void> | undefined

  constructor(options: StreamsApplicationOptions) {
    if (!/^[A-Za-z0-9._-]+$/.test(options.applicationId)) {
      throw new InvalidOptionError('applicationId', `"${options.applicationId}" cannot name topics`)
    }
    this.applicationId = options.applicationId
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  get state(): ApplicationState {
    return this.#state
  }

  async start(): Promise<void> {
    if (this.#state !== 'created') {
      throw new InvalidOptionError('state', `the application is ${this.#state}, not new`)
    }
    const { kafka, topology, storage, replicationFactor } = this.#options
    this.#setState('rebalancing')
    this.#firstRun = Promise.withResolvers<void>()
    this.#firstRun.promise.catch(() => {})
    try {
      this.#lease = await storage.acquire(this.applicationId)
      this.#partitions = await prepareTopics(
        kafka.admin,
        topology,
        this.applicationId,
        replicationFactor,
      )
      this.#localTasks = await storage.listTasks(this.applicationId)
      this.#worker = this.#createWorker(this.#lease.processId, this.#partitions)
      this.#worker.start()
      this.#member = this.#createMember(this.#lease.processId)
      await this.#member.start()
    } catch (error) {
      await this.#fail(error)
      throw error
    }
    await this.#firstRun.promise
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async pause(): Promise<void> {
    const worker = this.#runningWorker()
    this.#paused = true
    await worker.halt()
    // While tasks are on their way there is nothing to report: they arrive standing still, and that is when.
    if (this.#paused && this.#state === 'running') this.#setState('paused')
  }

  resume(): void {
    this.#paused = false
    this.#runningWorker().resume()
    if (this.#state === 'paused') this.#setState('running')
  }

  store<K, V>(name: string): ReadOnlyKeyValueStore<K, V> {
    this.#readableWorker()
    return committedKeyValueStore(
      this.#options.topology,
      () => this.#readableWorker().tasks.values(),
      name,
    )
  }

  windowStore<K, V>(name: string): ReadOnlyWindowStore<K, V> {
    this.#readableWorker()
    return committedWindowStore(
      this.#options.topology,
      () => this.#readableWorker().tasks.values(),
      name,
    )
  }

  subscribe<K, V>(nodeName: string, listener: (change: CommittedChange<K, V>) => void): Disposable {
    if (!this.#options.topology.nodes.some((node) => node.name === nodeName)) {
      throw new InvalidOptionError('nodeName', `there is no node "${nodeName}"`)
    }
    let listeners = this.#listeners.get(nodeName)
    if (listeners === undefined) this.#listeners.set(nodeName, (listeners = new Set()))
    const added = listener as ChangeListener
    listeners.add(added)
    this.#watch(nodeName, true)
    return {
      [Symbol.dispose]: () => {
        listeners.delete(added)
        if (listeners.size === 0) this.#watch(nodeName, false)
      },
    }
  }

  position(): Position {
    return new Map(this.#worker?.committed)
  }

  async waitForPosition(
    position: Position,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const deadline = this.#clock.monotonicMs() + (options.timeoutMs ?? 30_000)
    const { topology, kafka } = this.#options
    await this.#reach(position, deadline, options.signal)
    const repartitions = [...topology.repartitionTopics.keys()].flatMap((topic) => {
      const name = topicName(topology, this.applicationId, topic)
      const count = this.#partitions?.byTopic.get(topic) ?? 0
      return Array.from({ length: count }, (_, partition) => ({ topic: name, partition }))
    })
    if (repartitions.length === 0) return
    // What reached one repartition topic may go on to the next: one round for each cut. A commit is acknowledged before its markers are in
    // the partitions, so the end is asked for whatever is not yet visible as committed too.
    for (let round = 1; round < topology.subTopologies.length; round++) {
      const ends = await kafka.admin.endOffsets(repartitions)
      await this.#reach(
        new Map(ends.map((end) => [partitionKey(end), end.offset])),
        deadline,
        options.signal,
      )
    }
  }

  metrics(): ApplicationMetrics {
    const worker = this.#worker
    const lag: Record<string, number> = {}
    for (const task of worker?.tasks.values() ?? []) {
      for (const queue of task.queues.values()) {
        const at = { topic: queue.brokerTopic, partition: queue.partition }
        const end = worker!.knownEnd(at)
        if (end !== undefined) lag[partitionKey(at)] = Math.max(0, end - queue.position)
      }
    }
    const counters = worker?.counters
    return {
      recordsProcessed: counters?.processed ?? 0,
      recordsSent: counters?.sent ?? 0,
      recordsSkipped: counters?.skipped ?? 0,
      drops: Object.fromEntries(counters?.drops ?? []),
      commits: counters?.commits ?? 0,
      commitMsMax: counters?.commitMsMax ?? 0,
      restoredRecords: counters?.restored ?? 0,
      lag,
      tasks: [...(worker?.tasks.keys() ?? [])],
    }
  }

  async cleanUp(): Promise<void> {
    if (!['created', 'closed', 'error'].includes(this.#state)) {
      throw new InvalidOptionError('state', `the application is ${this.#state}: close it first`)
    }
    const { kafka, topology, storage } = this.#options
    const { admin } = kafka
    await this.#deleteGroup()
    for (const topic of internalTopicsOf(topology, this.applicationId)) {
      if ((await admin.describeTopic(topic)) !== undefined) await admin.deleteTopic(topic)
    }
    await storage.remove(this.applicationId)
  }

  /** A member that died stays in the group until its session ends: waits that long. */
  async #deleteGroup(): Promise<void> {
    const { admin } = this.#options.kafka
    const deadline = this.#clock.monotonicMs() + (this.#options.sessionTimeoutMs ?? 10_000) + 5_000
    while ((await admin.listGroups()).includes(this.applicationId)) {
      try {
        await admin.deleteGroup(this.applicationId)
        return
      } catch (error) {
        const notEmpty = error instanceof KafkaError && error.errorCode === nonEmptyGroup
        if (!notEmpty || this.#clock.monotonicMs() >= deadline) throw error
        await this.#clock.sleep(200)
      }
    }
  }

  #createWorker(processId: string, partitions: TopologyPartitions): StreamsWorker {
    const exactlyOnce = (this.#options.processingGuarantee ?? 'exactly_once') === 'exactly_once'
    return new StreamsWorker({
      options: this.#options,
      clock: this.#clock,
      partitions,
      transactionalId: `${this.applicationId}-${processId}-0`,
      exactlyOnce,
      commitIntervalMs: this.#options.commitIntervalMs ?? (exactlyOnce ? 500 : 2_000),
      watched: this.#watched,
      group: () => this.#member?.metadata(),
      listener: {
        onRestoring: () => this.#setState('restoring'),
        onRunning: () => {
          this.#setState(this.#paused ? 'paused' : 'running')
          this.#firstRun?.resolve()
        },
        onCommitted: (changes) => this.#show(changes),
        onSkipped: (skipped) => this.#options.onSkippedRecord?.(skipped),
        onRejoin: (reason) => {
          this.#setState('rebalancing')
          this.#member?.rejoin(reason)
        },
        onError: (error) => {
          void this.#fail(error)
        },
      },
    })
  }

  #createMember(processId: string): GroupMember {
    const { kafka, topology, hostInfo, sessionTimeoutMs = 10_000 } = this.#options
    const { heartbeatIntervalMs = Math.min(3_000, sessionTimeoutMs / 3) } = this.#options
    const worker = this.#worker!
    return kafka.groupMember({
      groupId: this.applicationId,
      // The same over restarts, so a process that died and came back takes its own place at once.
      groupInstanceId: processId,
      // One that was closed is not expected back: the others take over its tasks at once.
      leaveOnClose: true,
      topics: subscribedTopics(this.#options),
      assignors: [
        taskAssignor({
          topology,
          applicationId: this.applicationId,
          processId,
          host: hostInfo,
          localTasks: () => [...new Set([...this.#localTasks, ...worker.tasks.keys()])],
        }),
      ],
      sessionTimeoutMs,
      heartbeatIntervalMs,
      listener: {
        onRevoked: () => {
          this.#setState('rebalancing')
          return worker.revoke()
        },
        onLost: () => {
          this.#setState('rebalancing')
          return worker.lose()
        },
        onAssigned: (partitions) => worker.assign(this.#tasksOf(partitions)),
        onError: (error) => {
          void this.#fail(error)
        },
      },
    })
  }

  #tasksOf(partitions: readonly TopicPartition[]): TaskId[] {
    const { topology } = this.#options
    const tasks = new Map<string, TaskId>()
    for (const sub of topology.subTopologies) {
      const topics = new Set(sourceTopicsOf(topology, this.applicationId, sub))
      for (const { topic, partition } of partitions) {
        if (!topics.has(topic)) continue
        tasks.set(`${sub.id}_${partition}`, { subTopology: sub.id, partition })
      }
    }
    return [...tasks.values()]
  }

  #show(changes: readonly (CommittedChange & { readonly node: string })[]): void {
    for (const { node, ...change } of changes) {
      for (const listener of this.#listeners.get(node) ?? []) listener(change)
    }
    if (changes.length === 0) for (const check of [...this.#waiting]) check()
  }

  #watch(nodeName: string, on: boolean): void {
    if (on) this.#watched.add(nodeName)
    else this.#watched.delete(nodeName)
    for (const task of this.#worker?.tasks.values() ?? []) {
      if (on) task.graph.watched.add(nodeName)
      else task.graph.watched.delete(nodeName)
    }
  }

  /** Resolves when the inputs of this process's tasks are committed up to `position`. */
  async #reach(
    position: Position,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const reached = (): boolean => {
      const worker = this.#runningWorker()
      if (!this.#isSettled) return false
      for (const task of worker.tasks.values()) {
        for (const [key, queue] of task.queues) {
          const wanted = position.get(key)
          if (wanted === undefined) continue
          const contained = task.dirty ? (worker.committed.get(key) ?? 0) : queue.position
          if (contained < wanted) return false
        }
      }
      return true
    }
    while (!reached()) {
      signal?.throwIfAborted()
      if (this.#clock.monotonicMs() >= deadline) {
        throw new TimeoutError('the position was not reached in time')
      }
      const wake = new AbortController()
      const check = (): void => wake.abort()
      this.#waiting.add(check)
      try {
        await this.#clock.sleep(20, wake.signal).catch(() => {})
      } finally {
        this.#waiting.delete(check)
      }
    }
  }

  #runningWorker(): StreamsWorker {
    if (this.#worker === undefined || this.#state === 'error' || this.#state === 'closed') {
      throw new NotOpenError(`the application "${this.applicationId}" is not running`)
    }
    return this.#worker
  }

  /** Whether every task that this process was given is here and restored: otherwise what is here is not all there is. */
  get #isSettled(): boolean {
    return this.#state === 'running' || this.#state === 'paused'
  }

  #readableWorker(): StreamsWorker {
    const worker = this.#runningWorker()
    if (!this.#isSettled) {
      throw new NotOpenError(
        `the stores of "${this.applicationId}" are not all here: the application is ${this.#state}`,
      )
    }
    return worker
  }

  #setState(state: ApplicationState): void {
    const previous = this.#state
    const final = previous === 'closed' || previous === 'error'
    if (previous === state || (final && !(previous === 'error' && state === 'closed'))) return
    if (previous === 'closing' && state !== 'closed') return
    this.#state = state
    this.#options.onStateChange?.(state, previous)
  }

  #fail(error: unknown): Promise<void> {
    this.#failing ??= (async () => {
      if (this.#state === 'closing' || this.#state === 'closed') return
      this.#setState('error')
      this.#firstRun?.reject(error)
      this.#options.onError?.(error)
      await this.#release(false)
    })()
    return this.#failing
  }

  async #close(): Promise<void> {
    if (this.#state === 'error') await this.#failing
    else {
      this.#setState('closing')
      await this.#release(true)
    }
    this.#firstRun?.reject(new AbortedError('the application was closed'))
    this.#setState('closed')
  }

  /** Closes tasks first, while the membership still holds, then leaves the group. Goes on past failures and throws the first. */
  async #release(clean: boolean): Promise<void> {
    const failures: unknown[] = []
    const attempt = async (step: (() => Promise<void>) | undefined): Promise<void> => {
      try {
        await step?.()
      } catch (error) {
        failures.push(error)
      }
    }
    await attempt(this.#worker && (() => this.#worker!.close(clean)))
    await attempt(this.#member && (() => this.#member!.close()))
    await attempt(this.#lease && (() => this.#lease!.release()))
    if (clean && failures.length > 0) throw failures[0]
  }
}
