import { InvalidOptionError } from '@varve/base'
import type { ConsumerRecord } from '@varve/kafka'

import type { SkippedRecord } from '../application/options.ts'
import { noHeaders, type StreamRecord } from '../record.ts'
import { CacheBudget } from '../state/cache.ts'
import { KeyValueStore } from '../state/key-value-store.ts'
import { SessionStore } from '../state/session-store.ts'
import type { ReadOnlyKeyValueStore, ReadOnlyWindowStore } from '../state/store.ts'
import type { StateStorage, TaskDatabase } from '../state/task-database.ts'
import { VersionedStore } from '../state/versioned-store.ts'
import { WindowStore } from '../state/window-store.ts'
import { ProcessingError } from '../task/processing-error.ts'
import type { ProcessorGraph } from '../task/processor-graph.ts'
import { deserializeRecord, fatalSkip, isSchemaNotLoaded } from '../task/record-deserializer.ts'
import { serializeRecord } from '../task/serialize-record.ts'
import type { TaskStore } from '../state/open-store.ts'
import type { SinkNode, SourceNode } from '../topology/node.ts'
import type { SubTopology, Topology } from '../topology/topology.ts'
import type { TestInputRecord, TestOutputRecord, TopologyTestDriverApi } from './api.ts'
import { TestTask, type RestartFrom } from './test-task.ts'

/** Settings of a {@link TopologyTestDriver}. */
export interface TopologyTestDriverOptions {
  /** Default 0: every update is sent on at once. */
  readonly cacheBytesMax?: number
  /** Default 0. */
  readonly emitIntervalMs?: number
  /** Milliseconds since the epoch at which the wall clock starts. Default 0. */
  readonly startWallClockMs?: number
  /** Commit after every input, as long as no cache is asked for. Default true. */
  readonly commitEachInput?: boolean
  /** Where stores are, for {@link TopologyTestDriver.open}. Default: memory of the driver's own. */
  readonly storage?: StateStorage
}

interface SourceAt {
  readonly task: TestTask
  readonly source: SourceNode
}

/** A record on its way to a task. */
interface Delivery extends ConsumerRecord {
  /** Piped in, not sent by a task. */
  readonly input: boolean
  /** No restart takes it back: an input, or sent by what is committed. */
  stable: boolean
}

/**
 * Runs a topology synchronously, without broker: one task per sub-topology, repartition topics inside, a wall clock moved by hand.
 * Keys and values go in and come out as bytes, so serdes are part of the test.
 */
export class TopologyTestDriver implements TopologyTestDriverApi {
  readonly skipped: SkippedRecord[] = []
  readonly drops: Map<string, number> = new Map()
  readonly #tasks: TestTask[] = []
  readonly #sources = new Map<string, SourceAt>()
  #pending: Delivery[] = []
  /** Taken by tasks since the last commit. */
  #processed: Delivery[] = []
  readonly #offsets = new Map<string, number>()
  readonly #commitEachInput: boolean
  #outputs: TestOutputRecord[] = []
  /** How many of the outputs, and what else was counted, as of the last commit. */
  #outputsStable = 0
  #skippedStable = 0
  #dropsStable: ReadonlyMap<string, number> = new Map()
  #wallClock: number

  /** @param databases @internal Of the sub-topologies, opened by {@link open}. */
  constructor(
    topology: Topology,
    options: TopologyTestDriverOptions = {},
    databases: ReadonlyMap<SubTopology, TaskDatabase> = new Map(),
  ) {
    this.#wallClock = options.startWallClockMs ?? 0
    this.#commitEachInput = (options.commitEachInput ?? true) && (options.cacheBytesMax ?? 0) === 0
    const budget = new CacheBudget(options.cacheBytesMax ?? 0)
    for (const sub of topology.subTopologies) {
      const task: TestTask = new TestTask(
        sub,
        {
          budget,
          emitIntervalMs: options.emitIntervalMs ?? 0,
          wallClock: () => this.#wallClock,
          send: (sink, record) => this.#send(task.graph, sink, record),
          onDrop: (reason) => this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1),
          onForward: () => {},
        },
        databases.get(sub),
        options.storage,
      )
      this.#tasks.push(task)
      for (const source of sub.sources) {
        for (const topic of source.topics) this.#sources.set(topic, { task, source })
      }
    }
  }

  /** A driver whose stores are in `options.storage`; close it with {@link closeStorage}. */
  static async open(
    topology: Topology,
    options: TopologyTestDriverOptions & { readonly storage: StateStorage },
  ): Promise<TopologyTestDriver> {
    const databases = new Map<SubTopology, TaskDatabase>()
    for (const sub of topology.subTopologies) {
      databases.set(sub, await TestTask.openDatabase(sub, options.storage))
    }
    return new TopologyTestDriver(topology, options, databases)
  }

  pipeInput(topic: string, record: TestInputRecord): void {
    this.#enqueueInput(topic, record)
    this.#drain()
    if (this.#commitEachInput) this.commit()
  }

  async pipeInputAsync(topic: string, record: TestInputRecord): Promise<void> {
    this.#enqueueInput(topic, record)
    let prepared: ConsumerRecord | undefined
    for (;;) {
      try {
        this.#drain()
        if (this.#commitEachInput) this.commit()
        return
      } catch (error) {
        const [head] = this.#pending
        // The same record asking twice would ask for ever.
        if (!isSchemaNotLoaded(error) || head === undefined || head === prepared) throw error
        prepared = head
        const { source } = this.#sources.get(head.topic)!
        if (head.key !== null) await source.keySerde.prepare?.(head.key)
        if (head.value !== null) await source.valueSerde.prepare?.(head.value)
      }
    }
  }

  #enqueueInput(topic: string, record: TestInputRecord): void {
    if (!this.#sources.has(topic)) {
      throw new InvalidOptionError('topic', `no source of the topology reads "${topic}"`)
    }
    const { key, value, timestamp, headers = noHeaders, partition = 0 } = record
    this.#enqueue({ topic, partition, timestamp, key, value, headers }, true)
  }

  readOutput(topic?: string): TestOutputRecord[] {
    const all = this.#outputs
    this.#outputs = topic === undefined ? [] : all.filter((record) => record.topic !== topic)
    this.#outputsStable = Math.min(this.#outputsStable, this.#outputs.length)
    if (topic === undefined) return all
    return all.filter((record) => record.topic === topic)
  }

  get uncommittedOutputs(): number {
    return this.#outputs.length - this.#outputsStable
  }

  advanceWallClockTime(ms: number): void {
    this.#wallClock += ms
  }

  commit(): void {
    for (const task of this.#tasks) task.flushCaches()
    for (const task of this.#tasks) task.commit()
    for (const delivery of this.#pending) delivery.stable = true
    this.#processed = []
    this.#outputsStable = this.#outputs.length
    this.#skippedStable = this.skipped.length
    this.#dropsStable = new Map(this.drops)
    this.#drain()
  }

  async restart(from: RestartFrom): Promise<void> {
    const again = [...this.#processed, ...this.#pending].filter((delivery) => delivery.stable)
    this.#processed = []
    this.#outputs.length = this.#outputsStable
    this.skipped.length = this.#skippedStable
    this.drops.clear()
    for (const [reason, count] of this.#dropsStable) this.drops.set(reason, count)
    for (const task of this.#tasks) await task.restart(from)
    this.#pending = []
    for (const delivery of again) {
      // As at first: each input runs through all tasks before the next one.
      if (delivery.input) this.#drain()
      this.#pending.push(delivery)
      if (delivery.input) this.#drain()
    }
    this.#drain()
  }

  store<K, V>(name: string): ReadOnlyKeyValueStore<K, V> {
    const store = this.#store(name)
    if (store instanceof KeyValueStore) return store as KeyValueStore<K, V>
    if (store instanceof VersionedStore) return store as VersionedStore<K, V>
    throw new InvalidOptionError('store', `"${name}" is not a key-value store`)
  }

  windowStore<K, V>(name: string): ReadOnlyWindowStore<K, V> {
    const store = this.#store(name)
    if (store instanceof WindowStore) return store as WindowStore<K, V>
    if (store instanceof SessionStore) return store as SessionStore<K, V>
    throw new InvalidOptionError('store', `"${name}" is not a window or session store`)
  }

  close(): void {
    for (const task of this.#tasks) task.closeGraph()
  }

  async closeStorage(): Promise<void> {
    for (const task of this.#tasks) await task.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #store(name: string): TaskStore {
    for (const { graph } of this.#tasks) {
      const store = graph.stores().get(name)
      if (store !== undefined) return store
    }
    throw new InvalidOptionError('store', `there is no store "${name}"`)
  }

  #enqueue(record: Omit<ConsumerRecord, 'offset'>, input: boolean): void {
    const id = `${record.topic}-${record.partition}`
    const offset = this.#offsets.get(id) ?? 0
    this.#offsets.set(id, offset + 1)
    this.#pending.push({ ...record, offset, input, stable: input })
  }

  #drain(): void {
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      const { task, source } = this.#sources.get(next.topic)!
      // A record that has to wait for a schema stays at the head.
      const decoded = deserializeRecord(source, next)
      this.#pending.shift()
      this.#processed.push(next)
      if (decoded.kind === 'passed-over') continue
      if (decoded.kind === 'skipped') {
        const cause = fatalSkip(source, decoded.skipped)
        if (cause !== undefined) {
          throw new ProcessingError(task.id, source.name, next, cause)
        }
        this.skipped.push(decoded.skipped)
        continue
      }
      try {
        task.graph.process(next.topic, next.partition, next.offset, decoded.record)
      } catch (error) {
        throw new ProcessingError(task.id, task.graph.failingNode, next, error)
      }
    }
  }

  #send(graph: ProcessorGraph, sink: SinkNode, record: StreamRecord<unknown, unknown>): void {
    const { key, value } = serializeRecord(sink, record, sink.topic)
    let { timestamp } = record
    if (sink.timestampExtractor !== undefined) {
      timestamp = sink.timestampExtractor(
        record.key as never,
        record.value as never,
        graph.context.at(record),
      )
      if (!Number.isFinite(timestamp) || timestamp < 0) {
        graph.environment.onDrop('invalid-timestamp', sink.name)
        return
      }
    }
    const { headers } = record
    if (!sink.internal) this.#outputs.push({ topic: sink.topic, key, value, timestamp, headers })
    if (this.#sources.has(sink.topic)) {
      this.#enqueue({ topic: sink.topic, partition: 0, timestamp, key, value, headers }, false)
    }
  }
}
