import type { ConsumerRecord, OffsetToCommit, ProducerRecord } from '@varve/kafka'

import { changelogTopic } from '../application/internal-topics.ts'
import type { CommittedChange, SkippedRecord } from '../application/options.ts'
import { partitionKey } from '../application/task-id.ts'
import type { StreamRecord } from '../record.ts'
import { changelogNumber, inputNumber } from '../state/numbers.ts'
import { formatObservedTimes } from '../state/observed-times.ts'
import type { CacheBudget } from '../state/cache.ts'
import { rowsPerStep } from '../state/row-store.ts'
import type { TaskState } from '../state/task-state.ts'
import type { DropReason } from '../topology/processor.ts'
import type { SourceNode } from '../topology/node.ts'
import type { SubTopology } from '../topology/topology.ts'
import { ProcessingError } from './processing-error.ts'
import { fatalSkip } from './record-deserializer.ts'
import { ProcessorGraph } from './processor-graph.ts'
import type { Acknowledged, RecordCollector } from './record-collector.ts'
import { RecordQueue } from './record-queue.ts'
import { StoreExpiry } from './store-expiry.ts'

/** One input partition of a task. */
export interface TaskInput {
  readonly source: SourceNode
  readonly topic: string
  readonly brokerTopic: string
  readonly partition: number
  readonly position: number
}

/** What a task needs of its worker. */
export interface StreamTaskEnvironment {
  readonly applicationId: string
  readonly taskId: string
  readonly partition: number
  readonly sub: SubTopology
  readonly state: TaskState
  readonly budget: CacheBudget
  readonly collector: RecordCollector
  readonly emitIntervalMs: number
  readonly wallClock: () => number
  readonly inputs: readonly TaskInput[]
  readonly onDrop: (reason: DropReason) => void
  readonly onSkipped: (skipped: SkippedRecord) => void
  readonly deadLetter: ((skipped: SkippedRecord) => ProducerRecord | undefined) | undefined
  /** How long an empty input is waited for: 0 until it is known to be at its end, −1 never, else so many milliseconds more. */
  readonly idleMsMax: number
  /** Whether an empty input is known to have more to come: then nothing may overtake it. */
  readonly mayHaveMore: (brokerTopic: string, partition: number, position: number) => boolean
}

/** One sub-topology on one partition: queues in front, operators behind, state of its own. Synchronous but for its owner's commit. */
export class StreamTask {
  readonly id: string
  readonly sub: SubTopology
  readonly partition: number
  readonly state: TaskState
  readonly graph: ProcessorGraph
  readonly queues: ReadonlyMap<string, RecordQueue>
  readonly #environment: StreamTaskEnvironment
  readonly #tables: ReadonlySet<string>
  readonly #ordered: readonly RecordQueue[]
  readonly #changelogEnds = new Map<string, number>()
  readonly #expiry: StoreExpiry
  #changes: (CommittedChange & { readonly node: string })[] = []
  #dirty = false
  /** Wall-clock time up to which inputs at their end are waited for; undefined while all have records. */
  #idleUntilMs: number | undefined

  constructor(environment: StreamTaskEnvironment) {
    this.#environment = environment
    this.id = environment.taskId
    this.sub = environment.sub
    this.partition = environment.partition
    this.state = environment.state
    const queues = new Map<string, RecordQueue>()
    for (const input of environment.inputs) {
      const queue = new RecordQueue(
        input.source,
        input.topic,
        input.brokerTopic,
        input.partition,
        input.position,
        { onSkipped: (source, skipped) => this.#skipped(source, skipped) },
      )
      queues.set(partitionKey({ topic: input.brokerTopic, partition: input.partition }), queue)
    }
    this.queues = queues
    this.#ordered = [...queues.values()]
    this.#tables = new Set(
      environment.sub.nodes.flatMap((node) =>
        node.kind === 'processor' && node.table ? [node.name] : [],
      ),
    )
    this.graph = new ProcessorGraph(environment.sub, {
      taskId: this.id,
      state: environment.state,
      budget: environment.budget,
      emitIntervalMs: environment.emitIntervalMs,
      wallClock: environment.wallClock,
      send: (sink, record) =>
        environment.collector.send(sink, record, this.graph.context, () =>
          environment.onDrop('invalid-timestamp'),
        ),
      onDrop: environment.onDrop,
      onForward: (node, record) => this.#forwarded(node, record),
    })
    this.#expiry = new StoreExpiry(environment.sub, environment.state, environment.budget.enabled)
  }

  /** Something was processed or passed over since the last commit. */
  get dirty(): boolean {
    return this.#dirty
  }

  get overlayBytes(): number {
    return this.state.overlayBytes
  }

  /** Changes waiting for the commit that shows them. */
  get pendingChanges(): number {
    return this.#changes.length
  }

  addRecords(key: string, records: readonly ConsumerRecord[], nextOffset: number): void {
    this.queues.get(key)?.add(records, nextOffset)
  }

  /**
   * Processes the record with the smallest event time; equal ones by input, partition and offset.
   * False when there is none, or none may go before an input that is still to come.
   *
   * @throws ProcessingError
   */
  process(): boolean {
    let chosen: RecordQueue | undefined
    let time = Number.POSITIVE_INFINITY
    let isOneMissing = false
    const queues = this.#ordered
    for (let i = 0; i < queues.length; i++) {
      const queue = queues[i]!
      const head = queue.headTimestamp()
      if (head === undefined) {
        if (queue.preparing !== undefined) return false
        if (queues.length > 1 && this.#hasMoreToCome(queue)) return false
        isOneMissing = true
      } else if (head < time) {
        chosen = queue
        time = head
      }
    }
    if (chosen === undefined || (queues.length > 1 && this.#isIdling(isOneMissing))) return false
    const { record, offset } = chosen.take()
    this.#dirty = true
    try {
      this.graph.process(chosen.topic, chosen.partition, offset, record)
    } catch (error) {
      throw this.#failed(error)
    }
    return true
  }

  /** Whether an empty input has records that were not fetched yet, and is waited for. */
  #hasMoreToCome({ brokerTopic, partition, fetchPosition }: RecordQueue): boolean {
    const { idleMsMax, mayHaveMore } = this.#environment
    return idleMsMax >= 0 && mayHaveMore(brokerTopic, partition, fetchPosition)
  }

  /** Whether the others still wait for an input that is at its end; they wait once, until it has a record again. */
  #isIdling(isOneMissing: boolean): boolean {
    const { idleMsMax, wallClock } = this.#environment
    if (idleMsMax <= 0) return false
    if (!isOneMissing) {
      this.#idleUntilMs = undefined
      return false
    }
    const now = wallClock()
    this.#idleUntilMs ??= now + idleMsMax
    return now < this.#idleUntilMs
  }

  /** Records are waiting, whether or not they may be processed now. */
  get hasRecords(): boolean {
    return this.#ordered.some((queue) => queue.size > 0)
  }

  /** Sends on what caches hold back, a few rows at each step. @throws ProcessingError */
  *flushCaches(): Generator<void> {
    try {
      yield* this.graph.flushCaches()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** Sends the uncommitted rows of logged stores to their changelogs, a few at each step. */
  *logChanges(): Generator<void> {
    const { applicationId, collector } = this.#environment
    this.#expiry.removeVersions()
    for (const store of this.sub.stores) {
      if (!store.logging) continue
      const topic = changelogTopic(applicationId, store.name)
      const acknowledged: Acknowledged = (metadata) => {
        if (metadata === undefined) return
        const known = this.#changelogEnds.get(store.name) ?? 0
        this.#changelogEnds.set(store.name, Math.max(known, metadata.offset + 1))
      }
      // Offsets of a partition rise: only the last row has to tell where it came to lie.
      const rows = this.state.store(store.name).pending()
      const last = rows.length - 1
      for (let i = 0; i <= last; i++) {
        collector.log(topic, this.partition, rows[i]!, i === last ? acknowledged : undefined)
        if (i % rowsPerStep === rowsPerStep - 1) yield
      }
    }
  }

  /** Input positions to commit, with the task's times as metadata. */
  offsets(): OffsetToCommit[] {
    const metadata = formatObservedTimes(this.state)
    return this.#ordered.map((queue) => ({
      topic: queue.brokerTopic,
      partition: queue.partition,
      offset: queue.position,
      metadata,
    }))
  }

  /** Writes state, changelog positions and input positions as one batch; gives back the changes to show. */
  applyCommit(): readonly (CommittedChange & { readonly node: string })[] {
    const numbers = new Map<string, number>()
    for (const [key, queue] of this.queues) numbers.set(inputNumber(key), queue.position)
    for (const [store, end] of this.#changelogEnds) numbers.set(changelogNumber(store), end)
    this.#expiry.removeWindows()
    this.state.commit(numbers)
    this.#dirty = false
    const changes = this.#changes
    this.#changes = []
    return changes
  }

  /** Gives up everything that is not committed and closes the state. */
  async closeDirty(): Promise<void> {
    this.graph.discardCaches()
    this.state.discard()
    this.#changes = []
    await this.closeClean()
  }

  /** Closes the state; call after a commit. */
  async closeClean(): Promise<void> {
    try {
      this.graph.close()
    } finally {
      await this.state.db.close()
    }
  }

  #skipped(source: SourceNode, skipped: SkippedRecord): void {
    this.#dirty = true
    const cause = fatalSkip(source, skipped)
    if (cause !== undefined) throw new ProcessingError(this.id, source.name, skipped, cause)
    const letter = this.#environment.deadLetter?.(skipped)
    if (letter !== undefined) this.#environment.collector.pass(letter)
    this.#environment.onSkipped(skipped)
  }

  #failed(error: unknown): ProcessingError {
    if (error instanceof ProcessingError) return error
    return new ProcessingError(this.id, this.graph.failingNode, this.graph.context, error)
  }

  #forwarded(node: string, record: StreamRecord<unknown, unknown>): void {
    const { key, value, timestamp, headers } = record
    const { topic, partition, offset } = this.graph.context
    this.#changes.push({
      node,
      taskId: this.id,
      key,
      change: this.#tables.has(node)
        ? (value as CommittedChange['change'])
        : { newValue: value, oldValue: null },
      timestamp,
      context: { topic, partition, offset, timestamp, headers },
    })
  }
}
