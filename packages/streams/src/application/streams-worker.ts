import { AbortedError, messageOf, yieldToEventLoop } from '@varve/base'
import type { Consumer, TopicPartition } from '@varve/kafka'

import { CacheBudget } from '../state/cache.ts'
import type { StreamTask } from '../task/stream-task.ts'
import { ActionQueue } from './action-queue.ts'
import { commitTasks, sliceMsMax } from './commit-tasks.ts'
import { InputPauses, type QueueFill } from './input-pauses.ts'
import { RepartitionPurger } from './repartition-purger.ts'
import { isRetriable } from './retriable.ts'
import { formatTaskId, parseTaskId, partitionKey, type TaskId } from './task-id.ts'
import { startTasks } from './task-starter.ts'
import { WorkerClients } from './worker-clients.ts'
import type { WorkerCounters, WorkerEnvironment } from './worker-environment.ts'

/** Changes waiting for subscribers that bring a commit forward. */
const pendingChangesMax = 50_000
/** Records taken over from the consumer at once: work for some milliseconds. More would only be objects that live long; there they are bytes. */
const pollRecordsMax = 1_000
/** Failed attempts in a row, with no commit between, before the application gives up. */
const attemptsMax = 6

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
  readonly #actions = new ActionQueue()
  readonly #clients: WorkerClients
  readonly #tasks = new Map<string, StreamTask>()
  readonly #committed = new Map<string, number>()
  readonly #closing = new AbortController()
  #loop: Promise<void> | undefined
  #wanted: readonly TaskId[] = []
  #stopped = true
  #halted = false
  #haltWanted = false
  #progressed = true
  #attempts = 0
  #nextCommit = 0

  constructor(environment: WorkerEnvironment) {
    this.#environment = environment
    const { options, partitions, clock } = environment
    this.#clients = new WorkerClients(environment)
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
    return this.#clients.consumer?.knownEnd(partition)
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

  /** Commits and processes nothing until {@link resume}; tasks taken on meanwhile wait too. Without effect when resumed before its turn. */
  halt(): Promise<void> {
    this.#haltWanted = true
    return this.#do(async () => {
      if (this.#haltWanted && !this.#stopped) await this.#recovering(() => this.#commit())
      this.#halted = this.#haltWanted
    })
  }

  resume(): void {
    this.#haltWanted = false
    this.#halted = false
    this.#actions.wake()
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
      this.#actions.wake()
    }
    await this.#loop
    await this.#purger.settled()
    for (const task of this.#tasks.values()) await (clean ? task.closeClean() : task.closeDirty())
    this.#tasks.clear()
    if (!clean) await this.#clients.abandonTransaction()
    await this.#clients.close()
  }

  #do(run: () => Promise<void>): Promise<void> {
    return this.#closing.signal.aborted ? Promise.resolve() : this.#actions.add(run)
  }

  async #run(): Promise<void> {
    try {
      while (!this.#closing.signal.aborted) {
        if (await this.#actions.runNext()) continue
        if (this.#stopped || this.#halted || this.#tasks.size === 0) await this.#actions.wait()
        else await this.#recovering(() => this.#turn())
      }
    } catch (error) {
      this.#closing.abort(error)
      this.#environment.listener.onError(error)
    }
    this.#actions.giveUp()
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
      await this.#clients.producer.ready()
      await yieldToEventLoop()
      if (!this.#actions.isEmpty || this.#commitDue() || clock.monotonicMs() > turnEnd) break
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
    const consumer = this.#clients.consumer!
    const fetched = await consumer
      .poll({ timeoutMs, maxRecords: pollRecordsMax, signal: this.#closing.signal })
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
          if (!task.process()) break
          this.counters.processed++
          progressed = true
        }
      }
      if (!progressed) break
      any = true
      if (clock.monotonicMs() >= end) break
    }
    if (any) this.#pauses.resumeDrained((key) => this.#queue(key), this.#clients.consumer!)
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

  async #commit(): Promise<void> {
    const { clock, commitIntervalMs, listener } = this.#environment
    const dirty = [...this.#tasks.values()].filter((task) => task.dirty)
    this.#nextCommit = clock.monotonicMs() + commitIntervalMs
    if (dirty.length === 0) return
    const start = clock.monotonicMs()
    const { producer, collector } = this.#clients
    const { offsets, changes } = await commitTasks(dirty, producer, this.#environment)
    for (const offset of offsets) this.#committed.set(partitionKey(offset), offset.offset)
    this.#attempts = 0
    this.counters.commits++
    this.counters.sent = collector.sent
    this.counters.commitMsMax = Math.max(this.counters.commitMsMax, clock.monotonicMs() - start)
    for (const change of changes) if (change.length > 0) listener.onCommitted(change)
    listener.onCommitted([])
    this.#purger.purge(this.#committed)
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
        this.#environment.listener.onRejoin(messageOf(error))
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
    this.#clients.consumer?.assign([])
    for (const task of tasks) await task.closeDirty()
    await this.#clients.abandonTransaction()
  }

  /** Makes the running tasks those that are wanted. */
  async #takeOn(): Promise<void> {
    const { listener, clock, commitIntervalMs } = this.#environment
    const wanted = new Set(this.#wanted.map(formatTaskId))
    for (const [id, task] of this.#tasks) {
      if (wanted.has(id)) continue
      this.#tasks.delete(id)
      await task.closeClean()
    }
    const consumer = await this.#clients.open()
    const added = [...wanted].filter((id) => !this.#tasks.has(id)).map(parseTaskId)
    if (added.length > 0) listener.onRestoring()
    const { tasks, positions } = await startTasks(added, {
      environment: this.#environment,
      counters: this.counters,
      budget: this.#budget,
      consumer,
      collector: this.#clients.collector,
      signal: this.#closing.signal,
    })
    for (const [key, position] of positions) this.#committed.set(key, position)
    for (const [id, task] of tasks) this.#tasks.set(id, task)
    this.#assignInputs(consumer, tasks)
    this.#stopped = false
    this.#nextCommit = clock.monotonicMs() + commitIntervalMs
    listener.onRunning()
  }

  #assignInputs(consumer: Consumer, added: ReadonlyMap<string, StreamTask>): void {
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
