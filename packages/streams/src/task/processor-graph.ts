import { assert, InvalidOptionError } from '@varve/base'

import type { RecordContext, StreamRecord } from '../record.ts'
import type { CacheBudget } from '../state/cache.ts'
import { nodeNumber, sharedNumber } from '../state/numbers.ts'
import { openStore, type TaskStore } from '../state/open-store.ts'
import { RowStore } from '../state/row-store.ts'
import type { StateStore } from '../state/store.ts'
import type { TaskState } from '../state/task-state.ts'
import type { ProcessorNode, SinkNode, SourceNode, TopologyNode } from '../topology/node.ts'
import type {
  DropReason,
  PersistedNumber,
  Processor,
  ProcessorContext,
} from '../topology/processor.ts'
import type { SubTopology } from '../topology/topology.ts'
import { TaskContext } from './task-context.ts'

/** What a graph of processors needs of its surroundings. */
export interface GraphEnvironment {
  readonly taskId: string
  readonly state: TaskState
  readonly budget: CacheBudget
  readonly emitIntervalMs: number
  readonly wallClock: () => number
  /** Takes what a sink writes. */
  readonly send: (sink: SinkNode, record: StreamRecord<unknown, unknown>) => void
  readonly onDrop: (reason: DropReason, node: string) => void
  /** Sees what a node forwards, where {@link ProcessorGraph.watch} asked for it. */
  readonly onForward: (node: string, record: StreamRecord<unknown, unknown>) => void
}

type AnyRecord = StreamRecord<unknown, unknown>

/** A node at work: processors call each other directly, depth first. */
abstract class NodeInstance {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  abstract process(record: AnyRecord): void
}

class SinkInstance extends NodeInstance {
  readonly #sink: SinkNode
  readonly #graph: ProcessorGraph

  constructor(sink: SinkNode, graph: ProcessorGraph) {
    super(sink.name)
    this.#sink = sink
    this.#graph = graph
  }

  process(record: AnyRecord): void {
    this.#graph.failingNode = this.name
    this.#graph.environment.send(this.#sink, record)
    if (this.#graph.isWatched(this.name)) this.#graph.environment.onForward(this.name, record)
  }
}

class ProcessorInstance extends NodeInstance implements ProcessorContext {
  readonly children: NodeInstance[] = []
  readonly #node: ProcessorNode
  readonly #graph: ProcessorGraph
  readonly #processor: Processor<unknown, unknown, unknown, unknown>

  constructor(node: ProcessorNode, graph: ProcessorGraph) {
    super(node.name)
    this.#node = node
    this.#graph = graph
    this.#processor = node.supplier() as Processor<unknown, unknown, unknown, unknown>
  }

  init(): void {
    this.#processor.init?.(this)
  }

  process(record: AnyRecord): void {
    this.#graph.failingNode = this.name
    this.#processor.process(record)
  }

  forward(record: AnyRecord): void {
    if (this.#graph.isWatched(this.name)) this.#graph.environment.onForward(this.name, record)
    const children = this.children
    for (let i = 0; i < children.length; i++) children[i]!.process(record)
  }

  close(): void {
    this.#processor.close?.()
  }

  get taskId(): string {
    return this.#graph.environment.taskId
  }

  get nodeName(): string {
    return this.name
  }

  get emitIntervalMs(): number {
    return this.#graph.environment.emitIntervalMs
  }

  get record(): RecordContext {
    return this.#graph.context
  }

  recordAt(record: AnyRecord): RecordContext {
    return this.#graph.context.at(record)
  }

  get streamTime(): number {
    return this.#graph.streamTime.value
  }

  get wallClockTime(): number {
    return this.#graph.environment.wallClock()
  }

  store<S extends StateStore>(name: string): S {
    if (!this.#node.stores.includes(name)) {
      throw new InvalidOptionError(
        'store',
        `node "${this.name}" is not connected to store "${name}"`,
      )
    }
    return this.#graph.store(name) as unknown as S
  }

  drop(reason: DropReason): void {
    this.#graph.environment.onDrop(reason, this.name)
  }

  persistedNumber(name: string, fallback: number): PersistedNumber {
    return this.#graph.environment.state.number(nodeNumber(this.name, name), fallback)
  }

  sharedNumber(name: string, fallback: number): PersistedNumber {
    return this.#graph.environment.state.number(sharedNumber(name), fallback)
  }
}

/** The operators of one sub-topology at work in one task, with their stores. Synchronous. */
export class ProcessorGraph {
  readonly environment: GraphEnvironment
  readonly context: TaskContext = new TaskContext()
  /** Greatest event time ever seen. */
  readonly streamTime: PersistedNumber
  /** Nodes whose forwards are reported. */
  readonly watched: Set<string> = new Set()
  /** Node that was called last: names the culprit of an error. */
  failingNode = ''
  readonly #stores = new Map<string, TaskStore>()
  readonly #processors: ProcessorInstance[] = []
  readonly #sources = new Map<string, { node: SourceNode; children: NodeInstance[] }>()

  constructor(sub: SubTopology, environment: GraphEnvironment) {
    this.environment = environment
    this.streamTime = environment.state.number('t/stream-time', -1)
    for (const builder of sub.stores) {
      this.#stores.set(
        builder.name,
        openStore(builder, environment.state, {
          budget: environment.budget,
          captureContext: (into) => this.context.capture(into),
          restoreContext: (context) => this.context.restore(context),
        }),
      )
    }
    const instances = new Map<TopologyNode, NodeInstance>()
    for (const node of sub.nodes) {
      if (node.kind === 'sink') instances.set(node, new SinkInstance(node, this))
      else if (node.kind === 'processor') {
        const instance = new ProcessorInstance(node, this)
        this.#processors.push(instance)
        instances.set(node, instance)
      }
    }
    for (const node of sub.nodes) {
      if (node.kind === 'sink') continue
      const children = node.children.map((child) => instances.get(child)!)
      if (node.kind === 'source') {
        for (const topic of node.topics) this.#sources.set(topic, { node, children })
      } else (instances.get(node) as ProcessorInstance).children.push(...children)
    }
    for (const processor of this.#processors) processor.init()
  }

  /** Hot: mostly nobody watches anything. */
  isWatched(node: string): boolean {
    return this.watched.size > 0 && this.watched.has(node)
  }

  /** Source node of a topic. */
  source(topic: string): SourceNode | undefined {
    return this.#sources.get(topic)?.node
  }

  /** Runs one input record through the operators. */
  process(
    topic: string,
    partition: number,
    offset: number,
    record: StreamRecord<unknown, unknown>,
  ): void {
    const source = this.#sources.get(topic)
    assert(source !== undefined, `topic "${topic}" is a source of the task`)
    const { context } = this
    context.topic = topic
    context.partition = partition
    context.offset = offset
    context.timestamp = record.timestamp
    context.headers = record.headers
    if (record.timestamp > this.streamTime.value) this.streamTime.value = record.timestamp
    this.failingNode = source.node.name
    if (this.isWatched(source.node.name)) this.environment.onForward(source.node.name, record)
    const { children } = source
    for (let i = 0; i < children.length; i++) children[i]!.process(record)
  }

  store(name: string): TaskStore {
    const store = this.#stores.get(name)
    if (store === undefined) throw new InvalidOptionError('store', `there is no store "${name}"`)
    return store
  }

  stores(): ReadonlyMap<string, TaskStore> {
    return this.#stores
  }

  /** Sends on what caches hold back, stores in topological order; a few rows at each step. */
  *flushCaches(): Generator<void> {
    for (const store of this.#stores.values()) {
      if (store instanceof RowStore) yield* store.flushCache()
    }
  }

  discardCaches(): void {
    for (const store of this.#stores.values()) if (store instanceof RowStore) store.discardCache()
  }

  close(): void {
    for (const processor of this.#processors) processor.close()
  }
}
