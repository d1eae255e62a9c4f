import {
  AnswerJoinProcessor,
  ForeignTableJoinProcessor,
  SubscriptionJoinProcessor,
  SubscriptionSendProcessor,
  type ForeignKeyJoinSettings,
} from '../operator/foreign-key-join.ts'
import { answerSerde, subscriptionSerde } from '../operator/foreign-key-messages.ts'
import { TableSourceProcessor } from '../operator/table-source.ts'
import type { TableSettings } from '../operator/table-settings.ts'
import type { Serde } from '../serde.ts'
import type { SinkNode } from '../topology/node.ts'
import type { ForeignKeyJoined, ValueJoiner } from './api.ts'
import type { GraphBuilder, ParentNode } from './graph-builder.ts'
import { Table } from './ktable.ts'
import { bytesStoreOf, plainStoreOf } from './store-of.ts'
import { passThrough, required } from './stream-node.ts'

const bytesSerde: Serde<Uint8Array> = {
  serialize: (bytes) => bytes,
  deserialize: (bytes) => new Uint8Array(bytes ?? []),
}

/** A topic between the two sides: where it is written and where it is read. */
function throughTopic<K, V>(
  graph: GraphBuilder,
  topic: string,
  parent: ParentNode,
  write: { readonly keySerde: Serde<K>; readonly valueSerde: Serde<V> },
  readKeySerde: Serde<unknown>,
  partitioner: ((key: K, value: V, partitionCount: number) => number) | undefined,
): ParentNode {
  graph.addRepartitionTopic({ name: topic, partitionCount: undefined })
  graph.addSink(
    {
      name: `${topic}-sink`,
      topic,
      internal: true,
      keySerde: write.keySerde as Serde<never>,
      valueSerde: write.valueSerde as Serde<never>,
      timestampExtractor: undefined,
      partitioner: partitioner as SinkNode['partitioner'],
    },
    parent,
  )
  return graph.addSource({
    name: `${topic}-source`,
    topics: [topic],
    keySerde: readKeySerde,
    valueSerde: write.valueSerde as Serde<unknown>,
    timestampExtractor: undefined,
    decode: undefined,
    onDeserializationError: 'fail',
    offsetReset: 'earliest',
  })
}

/** Adds the nodes, topics and stores of a foreign-key join: a subscription goes to the right side, answers come back. */
export function joinByForeignKey<K, V, KO, VO, VR>(
  left: Table<K, V>,
  right: Table<KO, VO>,
  foreignKey: (value: V, key: K) => KO | null,
  joiner: ValueJoiner<K, V, VO | null, VR>,
  joined: ForeignKeyJoined<K, V, KO, VO, VR>,
): Table<K, VR> {
  const { graph } = left.at
  const { materialized } = joined
  const name = joined.name ?? graph.generateName('KTABLE-FK-JOIN')
  const keySerde = required(joined.keySerde ?? left.at.keySerde, 'keySerde', name)
  const settings: ForeignKeyJoinSettings<K, V, KO, VO, VR> = {
    left: joined.type === 'left',
    foreignKey,
    joiner,
    keySerde,
    valueSerde: required(joined.valueSerde ?? left.at.valueSerde, 'valueSerde', name),
    foreignKeySerde: required(joined.foreignKeySerde ?? right.at.keySerde, 'foreignKeySerde', name),
    foreignValueSerde: required(
      joined.foreignValueSerde ?? right.at.valueSerde,
      'foreignValueSerde',
      name,
    ),
    store: `${name}-subscriptions`,
  }
  left.askForOldValues(true)
  // Spares the right side a walk over its subscriptions for rows that were never there.
  right.askForOldValues(true)
  const leftView = left.view()
  const rightView = right.view()
  graph.addStore(bytesStoreOf(settings.store, bytesSerde, bytesSerde))
  const send = graph.addProcessor(
    `${name}-subscribe`,
    [left.at.node],
    () => new SubscriptionSendProcessor(settings),
  )
  const subscriptionTopic = `${name}-subscription`
  const subscriptions = throughTopic(
    graph,
    subscriptionTopic,
    send,
    { keySerde: settings.foreignKeySerde, valueSerde: subscriptionSerde },
    {
      serialize: () => null,
      deserialize: (bytes) => (bytes === null ? null : settings.foreignKeySerde.deserialize(bytes)),
    },
    undefined,
  )
  graph.coPartition([subscriptionTopic, ...right.at.topics])
  const answered = graph.addProcessor(
    `${name}-answer`,
    [subscriptions],
    () => new SubscriptionJoinProcessor(settings, rightView),
    [settings.store, ...rightView.stores],
  )
  const changed = graph.addProcessor(
    `${name}-foreign`,
    [right.at.node],
    () => new ForeignTableJoinProcessor(settings),
    [settings.store],
  )
  const answerTopic = `${name}-response`
  const answers = throughTopic(
    graph,
    answerTopic,
    passThrough(graph, `${name}-answers`, [answered, changed]),
    { keySerde: bytesSerde, valueSerde: answerSerde },
    keySerde as Serde<unknown>,
    (_key, answer) => answer.partition,
  )
  graph.coPartition([answerTopic, ...left.at.topics])
  const result = graph.addProcessor(
    `${name}-join`,
    [answers],
    () => new AnswerJoinProcessor(settings, leftView),
    leftView.stores,
  )
  const table: TableSettings = { store: materialized?.store, sendOldValues: false }
  if (materialized !== undefined) graph.addStore(plainStoreOf(materialized, keySerde))
  const node = graph.addProcessor(
    name,
    [result],
    () => new TableSourceProcessor<K, VR>(table),
    materialized === undefined ? [] : [materialized.store],
  )
  return new Table<K, VR>({
    at: {
      graph,
      node,
      keySerde,
      valueSerde: materialized?.valueSerde ?? joined.resultSerde,
      repartitionRequired: false,
      topics: new Set([...left.at.topics, answerTopic]),
    },
    settings: table,
    origin: { kind: 'source' },
  })
}
