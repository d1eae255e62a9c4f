import { InvalidOptionError } from '@varve/base'

import type { StoreBuilder } from '../state/store-builder.ts'
import type { ProcessorNode, SinkNode, SourceNode, TopologyNode } from '../topology/node.ts'
import type { Processor } from '../topology/processor.ts'
import { Topology, type RepartitionTopic } from '../topology/topology.ts'

/** A node that others can be put behind. */
export type ParentNode = SourceNode | ProcessorNode

/** Collects nodes, stores and internal topics while a topology is described. */
export class GraphBuilder {
  readonly #nodes = new Map<string, TopologyNode>()
  readonly #stores = new Map<string, StoreBuilder>()
  readonly #repartitionTopics = new Map<string, RepartitionTopic>()
  readonly #coPartitionGroups: (readonly string[])[] = []
  #nextIndex = 0
  #built = false

  /** A name in Kafka Streams' manner: prefix and a running number of ten digits. */
  generateName(prefix: string): string {
    return `${prefix}-${String(this.#nextIndex++).padStart(10, '0')}`
  }

  addSource(source: Omit<SourceNode, 'kind' | 'children'>): SourceNode {
    for (const node of this.#nodes.values()) {
      if (node.kind !== 'source') continue
      const topic = source.topics.find((name) => node.topics.includes(name))
      if (topic !== undefined) {
        throw new InvalidOptionError(
          'topic',
          `topic "${topic}" is already read by node "${node.name}"`,
        )
      }
    }
    const node: SourceNode = { kind: 'source', ...source, children: [] }
    return this.#add(node)
  }

  addProcessor<KIn, VIn, KOut, VOut>(
    name: string,
    parents: readonly ParentNode[],
    supplier: () => Processor<KIn, VIn, KOut, VOut>,
    stores: readonly string[] = [],
  ): ProcessorNode {
    const node: ProcessorNode = {
      kind: 'processor',
      name,
      supplier: supplier as unknown as ProcessorNode['supplier'],
      stores: [...stores],
      table: false,
      parents: [...parents],
      children: [],
    }
    for (const parent of parents) parent.children.push(node)
    return this.#add(node)
  }

  addSink(sink: Omit<SinkNode, 'kind' | 'parents'>, parent: ParentNode): SinkNode {
    const node: SinkNode = { kind: 'sink', ...sink, parents: [parent] }
    parent.children.push(node)
    return this.#add(node)
  }

  addStore<K, V>(store: StoreBuilder<K, V>): void {
    if (this.#stores.has(store.name)) {
      throw new InvalidOptionError('store', `there is already a store "${store.name}"`)
    }
    if (store.name === 'default' || !/^[A-Za-z0-9._-]+$/.test(store.name)) {
      throw new InvalidOptionError('store', `"${store.name}" cannot name a store`)
    }
    this.#stores.set(store.name, store as unknown as StoreBuilder)
  }

  addRepartitionTopic(topic: RepartitionTopic): void {
    if (this.#repartitionTopics.has(topic.name)) {
      throw new InvalidOptionError('name', `there is already a repartition topic "${topic.name}"`)
    }
    this.#repartitionTopics.set(topic.name, topic)
  }

  coPartition(topics: Iterable<string>): void {
    const group = [...new Set(topics)]
    if (group.length > 1) this.#coPartitionGroups.push(group)
  }

  build(): Topology {
    this.#built = true
    return new Topology({
      nodes: [...this.#nodes.values()],
      stores: this.#stores,
      repartitionTopics: this.#repartitionTopics,
      coPartitionGroups: this.#coPartitionGroups,
    })
  }

  #add<N extends TopologyNode>(node: N): N {
    if (this.#built) throw new InvalidOptionError('name', 'the topology is already built')
    if (this.#nodes.has(node.name)) {
      throw new InvalidOptionError('name', `there is already a node "${node.name}"`)
    }
    this.#nodes.set(node.name, node)
    return node
  }
}
