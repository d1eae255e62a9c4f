import {
  AbortedError,
  InvalidOptionError,
  NotOpenError,
  systemClock,
  type Clock,
} from '@varve/base'
import type { GroupMember } from '@varve/kafka'

import type { StateLease } from '../state/task-database.ts'
import type { ReadOnlyKeyValueStore, ReadOnlyWindowStore } from '../state/store.ts'
import type { StreamsApplicationApi } from './api.ts'
import { metricsOf } from './application-metrics.ts'
import { ChangeListeners } from './change-listeners.ts'
import { committedKeyValueStore, committedWindowStore } from './committed-stores.ts'
import { prepareTopics, topicName, type TopologyPartitions } from './internal-topics.ts'
import type {
  ApplicationMetrics,
  ApplicationState,
  CommittedChange,
  Position,
  StreamsApplicationOptions,
} from './options.ts'
import { containsPosition, PositionWaiters } from './position-waiters.ts'
import { removeApplication } from './remove-application.ts'
import { StreamsWorker } from './streams-worker.ts'
import { subscribedTopics } from './subscribed-topics.ts'
import { taskAssignor } from './task-assignor.ts'
import { partitionKey, tasksReading } from './task-id.ts'

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
  readonly #listeners: ChangeListeners
  readonly #waiters: PositionWaiters
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
    this.#waiters = new PositionWaiters(this.#clock)
    this.#listeners = new ChangeListeners(options.topology, (nodeName, watched) => {
      for (const task of this.#worker?.tasks.values() ?? []) {
        if (watched) task.graph.watched.add(nodeName)
        else task.graph.watched.delete(nodeName)
      }
    })
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
    return this.#listeners.add(nodeName, listener)
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
    return metricsOf(this.#worker)
  }

  async cleanUp(): Promise<void> {
    if (!['created', 'closed', 'error'].includes(this.#state)) {
      throw new InvalidOptionError('state', `the application is ${this.#state}: close it first`)
    }
    await removeApplication(this.#options, this.#clock)
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
      watched: this.#listeners.watched,
      group: () => this.#member?.metadata(),
      listener: {
        onRestoring: () => this.#setState('restoring'),
        onRunning: () => {
          this.#setState(this.#paused ? 'paused' : 'running')
          this.#firstRun?.resolve()
        },
        onCommitted: (changes) => {
          this.#listeners.show(changes)
          if (changes.length === 0) this.#waiters.wake()
        },
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
        onAssigned: (partitions) =>
          worker.assign(tasksReading(topology, this.applicationId, partitions)),
        onError: (error) => {
          void this.#fail(error)
        },
      },
    })
  }

  /** Resolves when the inputs of this process's tasks are committed up to `position`. */
  async #reach(
    position: Position,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.#waiters.until(
      () => {
        const worker = this.#runningWorker()
        return this.#isSettled && containsPosition(worker, position)
      },
      deadline,
      signal,
    )
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
