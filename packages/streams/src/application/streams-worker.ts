import { AbortedError, type Clock } from '@varve/base'
import type { Consumer, GroupMetadata, Producer, TopicPartition } from '@varve/kafka'

import { CacheBudget } from '../state/cache.ts'
import { familiesOf } from '../state/open-store.ts'
import { TaskState } from '../state/task-state.ts'
import { RecordCollector } from '../task/record-collector.ts'
import { StreamTask, type TaskInput } from '../task/stream-task.ts'
import type { SinkNode } from '../topology/node.ts'
import { yieldToEventLoop } from './event-loop.ts'
import { InputPauses, type QueueFill } from './input-pauses.ts'
import { placeInputs, type InputToPlace } from './input-positions.ts'
import { topicName, type TopologyPartitions } from './internal-topics.ts'
import type { CommittedChange, SkippedRecord, StreamsApplicationOptions } from './options.ts'
import { RepartitionPurger } from './repartition-purger.ts'
import { restoreTasks } from './restore.ts'
import { isRetriable } from './retriable.ts'
import { formatTaskId, parseTaskId, partitionKey, type TaskId } from './task-id.ts'

/** Longest stretch of processing before the event loop turns. */
const sliceMsMax = 5
/** Changes waiting for subscribers that bring a commit forward. */
const pendingChangesMax = 50_000
/** Failed attempts in a row, with no commit between, before the application gives up. */
const attemptsMax = 6

/** What a worker tells its application. */
interface WorkerListener {
  onRestoring(): void
  onRunning(): void
  onCommitted(changes: readonly (CommittedChange & { readonly node: string })[]): void
  onSkipped(skipped: SkippedRecord): void
  onRejoin(reason: string): void
  onError(error: unknown): void
}

/** Everything a worker works with. */
export interface WorkerEnvironment {
  readonly options: StreamsApplicationOptions
  readonly clock: Clock
  readonly partitions: TopologyPartitions
  readonly transactionalId: string
  readonly exactlyOnce: boolean
  readonly commitIntervalMs: number
  readonly watched: ReadonlySet<string>
  readonly group: () => GroupMetadata | undefined
  readonly listener: WorkerListener
}

/** Counters of a worker. */
export interface WorkerCounters {
  processed: number
  sent: number
  skipped: number
  commits: number
  commitMsMax: number
  restored: number
  readonly drops: Map<string, number>
}

interface Action {
  readonly run: () => Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Runs tasks: one fetcher, one producer, one loop. Whatever touches tasks happens on the loop, between slices of processing, so nothing
 * here needs a lock.
 */
export class StreamsWorker {
  readonly counters: WorkerCounters = {
    processed: 0,
    sent: 0,
    skipped: 0,
    commits: 0,
    commitMsMax: 0,
    restored: 0,
    drops: new Map(),
  }
  readonly #environment: WorkerEnvironment
  readonly #budget: CacheBudget
  readonly #purger: RepartitionPurger
  readonly #pauses = new InputPauses()
  readonly #actions: Action[] = []
  readonly #tasks = new Map<string, StreamTask>()
  readonly #committed = new Map<string, number>()
  readonly #closing = new AbortController()
  #consumer: Consumer | undefined
  #producer: Producer | undefined
  #collector: RecordCollector | undefined
  #loop: Promise<void> | undefined
  #wanted: readonly TaskId[] = []
  #stopped = true
  #halted = false
  #progressed = true
  #attempts = 0
  #nextCommit = 0
  #wake: (() => void) | undefined

  constructor(environment: WorkerEnvironment) {
    this.#environment = environment
    const { options, partitions, clock } = environment
    this.#budget = new CacheBudget(options.cacheBytesMax ?? 10_000_000)
    this.#purger = new RepartitionPurger(options, partitions, clock)
  }

  get tasks(): ReadonlyMap<string, StreamTask> {
    return this.#tasks
  }

  /** Committed input positions, by topic and partition. */
  get committed(): ReadonlyMap<string, number> {
    return this.#committed
  }

  /** Latest known stable end of an input, without a request. */
  knownEnd(partition: TopicPartition): number | undefined {
    return this.#consumer?.knownEnd(partition)
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Takes on exactly these tasks: opens, restores and places new ones, lets go of others. */
  assign(tasks: readonly TaskId[]): Promise<void> {
    return this.#do(async () => {
      this.#wanted = tasks
      await this.#retrying(() => this.#takeOn())
    })
  }

  /** Finishes what is under way and commits, then processes nothing until the next {@link assign}. */
  revoke(): Promise<void> {
    return this.#do(async () => {
      if (!this.#stopped) await this.#commitOr(() => this.#closeDirty())
      this.#stopped = true
    })
  }

  /** Drops all tasks without a commit: the membership is gone. */
  lose(): Promise<void> {
    return this.#do(async () => {
      this.#stopped = true
      this.#wanted = []
      await this.#closeDirty()
    })
  }

  halt(): Promise<void> {
    return this.#do(async () => {
      if (!this.#stopped) await this.#recovering(() => this.#commit())
      this.#halted = true
    })
  }

  resume(): void {
    this.#halted = false
    this.#wake?.()
  }

  /** Runs `action` on the loop. */
  onLoop(action: () => Promise<void>): Promise<void> {
    return this.#do(action)
  }

  /** Commits (unless something failed) and closes everything. */
  async close(clean: boolean): Promise<void> {
    if (this.#loop !== undefined && !this.#closing.signal.aborted) {
      if (clean) {
        await this.#do(async () => {
          if (!this.#stopped) await this.#commitOr(() => this.#closeDirty())
          this.#stopped = true
        })
      }
      this.#closing.abort(new AbortedError('the application closes'))
      this.#wake?.()
    }
    await this.#loop
    await this.#purger.settled()
    for (const task of this.#tasks.values()) await (clean ? task.closeClean() : task.closeDirty())
    this.#tasks.clear()
    if (!clean) await this.#abandonTransaction()
    await this.#consumer?.close()
    await this.#producer?.close()
  }

  #do(run: () => Promise<void>): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#actions.push({ run, resolve, reject })
      this.#wake?.()
    })
  }

  async #run(): Promise<void> {
    try {
      while (!this.#closing.signal.aborted) {
        const action = this.#actions.shift()
        if (action !== undefined) {
          try {
            await action.run()
            action.resolve()
          } catch (error) {
            action.reject(error)
            throw error
          }
        } else if (this.#stopped || this.#halted || this.#tasks.size === 0) await this.#idle()
        else await this.#recovering(() => this.#turn())
      }
    } catch (error) {
      this.#closing.abort(error)
      this.#environment.listener.onError(error)
    }
    for (const action of this.#actions.splice(0)) action.resolve()
  }

  #idle(): Promise<void> {
    if (this.#actions.length > 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }

  /** One turn: fetch, process for as long as there is something and nobody wants anything, commit when due. */
  async #turn(): Promise<void> {
    const { clock } = this.#environment
    const ready = this.#progressed && this.#anyHasRecords()
    const untilCommit = Math.max(1, this.#nextCommit - clock.monotonicMs())
    await this.#fetch(ready ? 0 : Math.min(100, untilCommit))
    const turnEnd = clock.monotonicMs() + 10 * sliceMsMax
    this.#progressed = false
    while (this.#slice()) {
      this.#progressed = true
      await this.#producer!.ready()
      await yieldToEventLoop()
      if (this.#actions.length > 0 || this.#commitDue() || clock.monotonicMs() > turnEnd) break
    }
    const preparing = this.#progressed ? [] : this.#preparing()
    if (preparing.length > 0) {
      await Promise.race([...preparing, clock.sleep(100, this.#closing.signal).catch(() => {})])
      this.#progressed = true
    }
    if (this.#commitDue()) await this.#commit()
  }

  /** Fetches of schemas that inputs wait for. */
  #preparing(): Promise<void>[] {
    return [...this.#tasks.values()].flatMap((task) =>
      [...task.queues.values()].flatMap((queue) => queue.preparing ?? []),
    )
  }

  async #fetch(timeoutMs: number): Promise<void> {
    const consumer = this.#consumer!
    const fetched = await consumer
      .poll({ timeoutMs, signal: this.#closing.signal })
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return []
        throw error
      })
    for (const { topic, partition, records, nextOffset } of fetched) {
      const key = partitionKey({ topic, partition })
      for (const task of this.#tasks.values()) task.addRecords(key, records, nextOffset)
      this.#pauses.pauseWhenFull({ topic, partition }, this.#queue(key), consumer)
    }
  }

  #queue(key: string): QueueFill | undefined {
    for (const task of this.#tasks.values()) {
      const queue = task.queues.get(key)
      if (queue !== undefined) return queue
    }
    return undefined
  }

  /** Processes records of all tasks in turn for a few milliseconds; false when there was nothing to do. */
  #slice(): boolean {
    const { clock } = this.#environment
    const end = clock.monotonicMs() + sliceMsMax
    let any = false
    for (;;) {
      let progressed = false
      for (const task of this.#tasks.values()) {
        for (let i = 0; i < 32; i++) {
          if (!task.process(false)) break
          this.counters.processed++
          progressed = true
        }
      }
      if (!progressed) break
      any = true
      if (clock.monotonicMs() >= end) break
    }
    if (any) this.#pauses.resumeDrained((key) => this.#queue(key), this.#consumer!)
    return any
  }

  #anyHasRecords(): boolean {
    for (const task of this.#tasks.values()) if (task.hasRecords) return true
    return false
  }

  #commitDue(): boolean {
    let dirty = false
    let bytes = 0
    let changes = 0
    for (const task of this.#tasks.values()) {
      dirty ||= task.dirty
      bytes += task.overlayBytes
      changes += task.pendingChanges
    }
    if (!dirty) {
      const { clock, commitIntervalMs } = this.#environment
      if (clock.monotonicMs() >= this.#nextCommit) {
        this.#nextCommit = clock.monotonicMs() + commitIntervalMs
      }
      return false
    }
    return (
      this.#environment.clock.monotonicMs() >= this.#nextCommit ||
      bytes > (this.#environment.options.overlayBytesMax ?? 16 * 1024 * 1024) ||
      changes > pendingChangesMax
    )
  }

  /**
   * Commits all tasks: caches, changelogs and outputs, then input offsets, then local state. Under exactly once all that goes to the
   * broker is one transaction, and local state follows its success; a crash in between is made up from the changelog.
   */
  async #commit(): Promise<void> {
    const { clock, exactlyOnce, commitIntervalMs, options, listener } = this.#environment
    const dirty = [...this.#tasks.values()].filter((task) => task.dirty)
    this.#nextCommit = clock.monotonicMs() + commitIntervalMs
    if (dirty.length === 0) return
    const start = clock.monotonicMs()
    const producer = this.#producer!
    for (const task of dirty) await this.#inSlices(task.flushCaches())
    for (const task of dirty) await this.#inSlices(task.logChanges())
    await producer.flush()
    const offsets = dirty.flatMap((task) => task.offsets())
    const group = this.#environment.group()
    if (group === undefined) throw new AbortedError('the group membership is gone')
    if (exactlyOnce) {
      await producer.sendOffsets(offsets, group)
      await producer.commitTransaction()
    }
    const changes = dirty.map((task) => task.applyCommit())
    if (exactlyOnce) producer.beginTransaction()
    else await options.kafka.admin.commitOffsets(offsets, group)
    for (const offset of offsets) this.#committed.set(partitionKey(offset), offset.offset)
    this.#attempts = 0
    this.counters.commits++
    this.counters.sent = this.#collector!.sent
    this.counters.commitMsMax = Math.max(this.counters.commitMsMax, clock.monotonicMs() - start)
    for (const change of changes) if (change.length > 0) listener.onCommitted(change)
    listener.onCommitted([])
    this.#purger.purge(this.#committed)
  }

  /** Takes the steps of `work`, giving way to the event loop (and to the producer) every few milliseconds. */
  async #inSlices(work: Generator<void>): Promise<void> {
    const { clock } = this.#environment
    let end = clock.monotonicMs() + sliceMsMax
    let steps = 0
    for (const _ of work) {
      if (++steps % 32 !== 0 || clock.monotonicMs() < end) continue
      await this.#producer!.ready()
      await yieldToEventLoop()
      end = clock.monotonicMs() + sliceMsMax
    }
  }

  /** Runs `work`; what can be made up for closes the tasks dirty and starts them again from what is committed. */
  async #recovering(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      await this.#closeDirty()
      if (!isRetriable(error) || ++this.#attempts > attemptsMax) throw error
      if (this.#environment.group() === undefined) {
        this.#stopped = true
        this.#environment.listener.onRejoin(error instanceof Error ? error.message : String(error))
        return
      }
      await this.#retrying(() => this.#takeOn())
    }
  }

  /** Repeats `work` with growing pauses as long as its failures may pass. */
  async #retrying(work: () => Promise<void>): Promise<void> {
    const { clock } = this.#environment
    for (;;) {
      try {
        await work()
        return
      } catch (error) {
        await this.#closeDirty()
        if (this.#closing.signal.aborted) return
        if (!isRetriable(error) || ++this.#attempts > attemptsMax) throw error
        await clock.sleep(Math.min(5_000, 100 * 2 ** this.#attempts), this.#closing.signal)
      }
    }
  }

  async #commitOr(fallback: () => Promise<void>): Promise<void> {
    try {
      await this.#commit()
    } catch (error) {
      await fallback()
      if (!isRetriable(error)) throw error
    }
  }

  /** Drops all tasks and the producer with its transaction. */
  async #closeDirty(): Promise<void> {
    const tasks = [...this.#tasks.values()]
    this.#tasks.clear()
    this.#pauses.clear()
    this.#consumer?.assign([])
    for (const task of tasks) await task.closeDirty()
    await this.#abandonTransaction()
  }

  async #abandonTransaction(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    if (producer === undefined) return
    if (this.#environment.exactlyOnce) await producer.abortTransaction().catch(() => {})
    await producer.close().catch(() => {})
  }

  /** Makes the running tasks those that are wanted. Order as in a task's start: fence, offsets, restore, inputs. */
  async #takeOn(): Promise<void> {
    const { options, listener, exactlyOnce, clock } = this.#environment
    const { kafka, applicationId, topology, storage } = options
    const wanted = new Set(this.#wanted.map(formatTaskId))
    for (const [id, task] of this.#tasks) {
      if (wanted.has(id)) continue
      this.#tasks.delete(id)
      await task.closeClean()
    }
    this.#consumer ??= kafka.consumer({
      isolationLevel: 'read_committed',
      onOutOfRange: options.onOutOfRange ?? 'fail',
    })
    if (this.#producer === undefined) {
      this.#producer = kafka.producer({
        ...(exactlyOnce ? { transactionalId: this.#environment.transactionalId } : {}),
        transactionTimeoutMs: options.transactionTimeoutMs ?? 10_000,
      })
      await this.#producer.init()
      if (exactlyOnce) this.#producer.beginTransaction()
      this.#collector = new RecordCollector(
        this.#producer,
        (sink: SinkNode) =>
          sink.internal ? topicName(topology, applicationId, sink.topic) : sink.topic,
        (topic) => this.#environment.partitions.byTopic.get(topic) ?? 1,
      )
    }
    const added = [...wanted].filter((id) => !this.#tasks.has(id)).map(parseTaskId)
    const opened = new Map<string, TaskState>()
    try {
      if (added.length > 0) listener.onRestoring()
      for (const task of added) {
        const id = formatTaskId(task)
        const families = topology.subTopologies[task.subTopology]!.stores.flatMap(familiesOf)
        const db = await storage.open(applicationId, id, ['default', ...families])
        opened.set(id, new TaskState(db))
      }
      this.counters.restored += await restoreTasks(
        added.map((task) => ({
          taskId: formatTaskId(task),
          partition: task.partition,
          stores: topology.subTopologies[task.subTopology]!.stores,
          state: opened.get(formatTaskId(task))!,
        })),
        {
          applicationId,
          kafka,
          clock,
          signal: this.#closing.signal,
          onProgress: (progress) => options.onRestore?.(progress),
        },
      )
      await this.#placeTasks(added, opened)
    } catch (error) {
      for (const [id, state] of opened) if (!this.#tasks.has(id)) await state.db.close()
      throw error
    }
    this.#assignInputs(new Set(added.map(formatTaskId)))
    this.#stopped = false
    this.#nextCommit = clock.monotonicMs() + this.#environment.commitIntervalMs
    listener.onRunning()
  }

  async #placeTasks(
    added: readonly TaskId[],
    states: ReadonlyMap<string, TaskState>,
  ): Promise<void> {
    const { options, exactlyOnce } = this.#environment
    const inputs = added.map((task) => ({ task, inputs: this.#inputsOf(task) }))
    const toPlace: InputToPlace[] = inputs.flatMap(({ task, inputs: partitions }) =>
      partitions.map(({ source, brokerTopic, partition }) => ({
        topic: brokerTopic,
        partition,
        state: states.get(formatTaskId(task))!,
        offsetReset: source.offsetReset ?? options.offsetReset ?? 'earliest',
      })),
    )
    const positions = await placeInputs(
      options.kafka.admin,
      options.applicationId,
      toPlace,
      exactlyOnce,
    )
    for (const [key, position] of positions) this.#committed.set(key, position)
    for (const { task, inputs: partitions } of inputs) {
      const id = formatTaskId(task)
      const sub = options.topology.subTopologies[task.subTopology]!
      const streamTask = new StreamTask({
        applicationId: options.applicationId,
        taskId: id,
        partition: task.partition,
        sub,
        state: states.get(id)!,
        budget: this.#budget,
        collector: this.#collector!,
        emitIntervalMs: options.emitIntervalMs ?? 1_000,
        wallClock: () => this.#environment.clock.now(),
        inputs: partitions.map((input) => ({
          ...input,
          position:
            positions.get(partitionKey({ topic: input.brokerTopic, partition: input.partition })) ??
            0,
        })),
        onDrop: (reason) =>
          this.counters.drops.set(reason, (this.counters.drops.get(reason) ?? 0) + 1),
        onSkipped: (skipped) => {
          this.counters.skipped++
          this.#environment.listener.onSkipped(skipped)
        },
        mayHaveMore: (topic, partition, position) => {
          const end = this.#consumer!.knownEnd({ topic, partition })
          return end === undefined || position < end
        },
      })
      for (const node of this.#environment.watched) streamTask.graph.watched.add(node)
      this.#tasks.set(id, streamTask)
    }
  }

  #inputsOf(task: TaskId): Omit<TaskInput, 'position'>[] {
    const { options, partitions } = this.#environment
    const { topology, applicationId } = options
    const sub = topology.subTopologies[task.subTopology]!
    return sub.sources.flatMap((source) =>
      source.topics
        .filter((topic) => (partitions.byTopic.get(topic) ?? 0) > task.partition)
        .map((topic) => ({
          source,
          topic,
          brokerTopic: topicName(topology, applicationId, topic),
          partition: task.partition,
        })),
    )
  }

  #assignInputs(added: ReadonlySet<string>): void {
    const consumer = this.#consumer!
    const positions = [...this.#tasks.values()].flatMap((task) =>
      [...task.queues.values()].map((queue) => ({
        topic: queue.brokerTopic,
        partition: queue.partition,
        offset: queue.fetchPosition,
        seek: added.has(task.id),
      })),
    )
    consumer.assign(positions)
    for (const { seek, offset, ...partition } of positions) {
      if (seek) consumer.seek(partition, offset)
    }
    consumer.resume(positions)
    this.#pauses.clear()
  }
}
