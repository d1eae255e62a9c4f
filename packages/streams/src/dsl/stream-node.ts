import { InvalidOptionError } from '@varve/base'

import type { Serde } from '../serde.ts'
import type { GraphBuilder, ParentNode } from './graph-builder.ts'
import { PassThroughProcessor, FilterProcessor } from '../operator/stateless.ts'

/** Where a stream stands in the graph and what is known of it. */
export interface StreamNode<K, V> {
  readonly graph: GraphBuilder
  readonly node: ParentNode
  readonly keySerde: Serde<K> | undefined
  readonly valueSerde: Serde<V> | undefined
  /** Keys may have changed since the last topic: equal keys may be in different partitions. */
  readonly repartitionRequired: boolean
  /** Topics that feed this stream, back to the last repartition. */
  readonly topics: ReadonlySet<string>
}

/** A serde that must be known where it is used. @throws InvalidOptionError */
export function required<T>(serde: Serde<T> | undefined, option: string, node: string): Serde<T> {
  if (serde === undefined) {
    throw new InvalidOptionError(
      option,
      `must be given: node "${node}" writes the stream to a topic or a store`,
    )
  }
  return serde
}

/** Sends the stream through a repartition topic. Records with a null key get lost there unless `keepNullKeys`. */
export function throughRepartition<K, V>(
  stream: StreamNode<K, V>,
  options: {
    readonly name: string
    readonly keySerde: Serde<K> | undefined
    readonly valueSerde: Serde<V> | undefined
    readonly partitionCount?: number | undefined
    readonly keepNullKeys: boolean
  },
): StreamNode<K, V> {
  const { graph } = stream
  const topic = `${options.name}-repartition`
  const keySerde = required(options.keySerde ?? stream.keySerde, 'keySerde', topic)
  const valueSerde = required(options.valueSerde ?? stream.valueSerde, 'valueSerde', topic)
  graph.addRepartitionTopic({ name: topic, partitionCount: options.partitionCount })
  const parent = options.keepNullKeys
    ? stream.node
    : graph.addProcessor(
        `${topic}-filter`,
        [stream.node],
        () => new FilterProcessor<K, V>((key) => key !== null, true),
      )
  graph.addSink(
    {
      name: `${topic}-sink`,
      topic,
      internal: true,
      keySerde: keySerde as Serde<never>,
      valueSerde: valueSerde as Serde<never>,
      timestampExtractor: undefined,
      partitioner: undefined,
    },
    parent,
  )
  const node = graph.addSource({
    name: `${topic}-source`,
    topics: [topic],
    keySerde: keySerde as Serde<unknown>,
    valueSerde: valueSerde as Serde<unknown>,
    timestampExtractor: undefined,
    decode: undefined,
    onDeserializationError: 'fail',
    offsetReset: 'earliest',
  })
  return {
    graph,
    node,
    keySerde,
    valueSerde,
    repartitionRequired: false,
    topics: new Set([topic]),
  }
}

/** Joins several nodes into one. */
export function passThrough(
  graph: GraphBuilder,
  name: string,
  parents: readonly ParentNode[],
): ParentNode {
  return graph.addProcessor(name, parents, () => new PassThroughProcessor())
}
