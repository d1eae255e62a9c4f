import {
  StreamStreamJoinProcessor,
  type StreamJoinSettings,
} from '../operator/stream-stream-join.ts'
import type { Serde } from '../serde.ts'
import type { StoreBuilder } from '../state/store-builder.ts'
import type { StreamJoined, ValueJoiner } from './api.ts'
import { passThrough, required, throughRepartition, type StreamNode } from './stream-node.ts'

/** Adds the nodes and stores of a stream-stream join. */
export function joinStreams<K, VL, VR, VOut>(
  left: StreamNode<K, VL>,
  right: StreamNode<K, VR>,
  joiner: ValueJoiner<K, VL | null, VR | null, VOut>,
  joined: StreamJoined<K, VL, VR>,
): StreamNode<K, VOut> {
  const { graph } = left
  const name = joined.name ?? graph.generateName('KSTREAM-JOIN')
  const store = joined.store ?? name
  const keySerde = required(joined.keySerde ?? left.keySerde ?? right.keySerde, 'keySerde', name)
  const leftSerde = required(joined.leftSerde ?? left.valueSerde, 'leftSerde', name)
  const rightSerde = required(joined.rightSerde ?? right.valueSerde, 'rightSerde', name)
  const outer = { left: joined.type !== 'inner', right: joined.type === 'outer' }
  const from = left.repartitionRequired
    ? throughRepartition(left, {
        name: `${name}-left`,
        keySerde,
        valueSerde: leftSerde,
        keepNullKeys: outer.left,
      })
    : left
  const to = right.repartitionRequired
    ? throughRepartition(right, {
        name: `${name}-right`,
        keySerde,
        valueSerde: rightSerde,
        // Unusable themselves, they still say what time it is.
        keepNullKeys: outer.left,
      })
    : right
  graph.coPartition([...from.topics, ...to.topics])
  const { beforeMs, afterMs, graceMs } = joined.windows
  const base = {
    caching: false,
    logging: true,
    retentionMs: beforeMs + afterMs + graceMs,
    windowSizeMs: 0,
    timeIndex: false,
    keySerde,
  }
  const leftStore: StoreBuilder<K, VL> = {
    ...base,
    name: `${store}-left`,
    kind: 'join-window',
    valueSerde: leftSerde,
  }
  const rightStore: StoreBuilder<K, VR> = {
    ...base,
    name: `${store}-right`,
    kind: 'join-window',
    valueSerde: rightSerde,
  }
  graph.addStore(leftStore)
  graph.addStore(rightStore)
  const stores = [leftStore.name, rightStore.name]
  const waits = joined.eager !== true && outer.left
  if (waits) {
    const outerStore: StoreBuilder<K, VL> = {
      ...base,
      name: `${store}-outer`,
      kind: 'join-outer',
      valueSerde: leftSerde,
    }
    graph.addStore(outerStore)
    stores.push(outerStore.name)
  }
  const settings: StreamJoinSettings<unknown, unknown> = {
    name,
    windows: joined.windows,
    leftStore: leftStore.name,
    rightStore: rightStore.name,
    outerStore: waits ? `${store}-outer` : undefined,
    leftSerde: leftSerde as Serde<unknown>,
    rightSerde: rightSerde as Serde<unknown>,
    nullValuesAge: joined.nullValuesAge ?? false,
  }
  const join = joiner as (left: unknown, right: unknown, key: K) => VOut
  const leftNode = graph.addProcessor(
    `${name}-this`,
    [from.node],
    () => new StreamStreamJoinProcessor<K, VL, VR, VOut>(settings, true, outer.left, join),
    stores,
  )
  const rightNode = graph.addProcessor(
    `${name}-other`,
    [to.node],
    () => new StreamStreamJoinProcessor<K, VR, VL, VOut>(settings, false, outer.right, join),
    stores,
  )
  return {
    graph,
    node: passThrough(graph, name, [leftNode, rightNode]),
    keySerde,
    valueSerde: undefined,
    repartitionRequired: false,
    topics: new Set([...from.topics, ...to.topics]),
  }
}
