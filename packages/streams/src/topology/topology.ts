import { InvalidOptionError } from '@varve/base'

import type { StoreBuilder } from '../state/store-builder.ts'
import type { ProcessorNode, SinkNode, SourceNode, TopologyNode } from './node.ts'

/** Settings of an internal topic of a topology; its name is without the application's prefix. */
export interface RepartitionTopic {
  readonly name: string
  readonly partitionCount: number | undefined
}

/** Nodes that run together: no repartition topic lies between them. One task per partition. */
export interface SubTopology {
  readonly id: number
  readonly nodes: readonly TopologyNode[]
  readonly sources: readonly SourceNode[]
  readonly sinks: readonly SinkNode[]
  readonly stores: readonly StoreBuilder[]
  /** Topics read, internal ones without prefix. */
  readonly sourceTopics: readonly string[]
  /** Topics written, internal ones without prefix. */
  readonly sinkTopics: readonly string[]
}

/** A finished graph of sources, processors and sinks. Immutable; many applications may run it. */
export class Topology {
  readonly nodes: readonly TopologyNode[]
  readonly stores: ReadonlyMap<string, StoreBuilder>
  readonly repartitionTopics: ReadonlyMap<string, RepartitionTopic>
  /** Groups of topics (internal ones without prefix) whose partition counts must agree. */
  readonly coPartitionGroups: readonly (readonly string[])[]
  readonly subTopologies: readonly SubTopology[]

  /** @internal Use {@link StreamsBuilder.build}. */
  constructor(parts: {
    readonly nodes: readonly TopologyNode[]
    readonly stores: ReadonlyMap<string, StoreBuilder>
    readonly repartitionTopics: ReadonlyMap<string, RepartitionTopic>
    readonly coPartitionGroups: readonly (readonly string[])[]
  }) {
    this.nodes = parts.nodes
    this.stores = parts.stores
    this.repartitionTopics = parts.repartitionTopics
    this.coPartitionGroups = parts.coPartitionGroups
    this.subTopologies = cutSubTopologies(parts.nodes, parts.stores)
  }

  /** The sub-topologies as text, in the layout of Kafka Streams' `Topology.describe()`. */
  describe(): string {
    const lines = ['Topologies:']
    for (const sub of this.subTopologies) {
      lines.push(`   Sub-topology: ${sub.id}`)
      for (const node of sub.nodes) {
        if (node.kind === 'source') {
          lines.push(`    Source: ${node.name} (topics: [${node.topics.join(', ')}])`)
        } else if (node.kind === 'sink') {
          lines.push(`    Sink: ${node.name} (topic: ${node.topic})`)
        } else {
          lines.push(`    Processor: ${node.name} (stores: [${node.stores.join(', ')}])`)
        }
        if (node.kind !== 'sink') lines.push(`      --> ${names(node.children)}`)
        if (node.kind !== 'source') lines.push(`      <-- ${names(node.parents)}`)
      }
    }
    return lines.join('\n') + '\n'
  }
}

function names(nodes: readonly TopologyNode[]): string {
  return nodes.length === 0 ? 'none' : nodes.map((node) => node.name).join(', ')
}

/** Nodes joined by an edge or by a store of both belong together. Sub-topologies are numbered in order of their first node. */
function cutSubTopologies(
  nodes: readonly TopologyNode[],
  stores: ReadonlyMap<string, StoreBuilder>,
): SubTopology[] {
  const groupOf = new Map<TopologyNode, TopologyNode>()
  const find = (node: TopologyNode): TopologyNode => {
    let root = node
    for (let up = groupOf.get(root); up !== undefined && up !== root; up = groupOf.get(root))
      root = up
    groupOf.set(node, root)
    return root
  }
  const unite = (a: TopologyNode, b: TopologyNode): void => {
    groupOf.set(find(b), find(a))
  }
  const storeOwner = new Map<string, TopologyNode>()
  for (const node of nodes) {
    if (node.kind === 'sink') continue
    for (const child of node.children) unite(node, child)
    for (const store of node.kind === 'processor' ? node.stores : []) {
      if (!stores.has(store)) throw new InvalidOptionError('store', `no store "${store}" was added`)
      const owner = storeOwner.get(store)
      if (owner === undefined) storeOwner.set(store, node)
      else unite(owner, node)
    }
  }
  const groups = new Map<TopologyNode, TopologyNode[]>()
  for (const node of nodes) {
    const root = find(node)
    const group = groups.get(root)
    if (group === undefined) groups.set(root, [node])
    else group.push(node)
  }
  return [...groups.values()].map((group, id) => {
    const sources = group.filter((node): node is SourceNode => node.kind === 'source')
    const sinks = group.filter((node): node is SinkNode => node.kind === 'sink')
    const processors = group.filter((node): node is ProcessorNode => node.kind === 'processor')
    const storeNames = new Set(processors.flatMap((node) => node.stores))
    return {
      id,
      nodes: group,
      sources,
      sinks,
      stores: [...storeNames].map((name) => stores.get(name)!),
      sourceTopics: [...new Set(sources.flatMap((source) => source.topics))],
      sinkTopics: [...new Set(sinks.map((sink) => sink.topic))],
    }
  })
}
