import type { ConsumerRecord } from '@varve/kafka'

import type { RecordContext } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { Processor } from './processor.ts'

/** Node of a topology. Edges are filled while the topology is built and fixed then. */
export type TopologyNode = SourceNode | ProcessorNode | SinkNode

/** Reads topics. Types are erased here: the DSL has checked that neighbours fit. */
export interface SourceNode {
  readonly kind: 'source'
  readonly name: string
  readonly topics: readonly string[]
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  readonly timestampExtractor:
    ((key: unknown, value: unknown, record: RecordContext) => number) | undefined
  readonly decode:
    | ((record: ConsumerRecord) => { readonly key: unknown; readonly value: unknown } | undefined)
    | undefined
  readonly onDeserializationError: 'skip' | 'fail'
  /** Default `skip`. */
  readonly onInvalidTimestamp?: 'skip' | 'fail' | undefined
  readonly offsetReset: 'earliest' | 'latest' | undefined
  readonly children: TopologyNode[]
}

/** Does something with each record. */
export interface ProcessorNode {
  readonly kind: 'processor'
  readonly name: string
  readonly supplier: () => Processor<never, never, unknown, unknown>
  readonly stores: string[]
  /** It forwards changes of a table's rows. */
  table: boolean
  readonly parents: TopologyNode[]
  readonly children: TopologyNode[]
}

/** Writes to a topic. */
export interface SinkNode {
  readonly kind: 'sink'
  readonly name: string
  readonly topic: string
  /** The topic is a repartition topic of this topology. */
  readonly internal: boolean
  readonly keySerde: Serde<never>
  readonly valueSerde: Serde<never>
  readonly timestampExtractor:
    ((key: never, value: never, record: RecordContext) => number) | undefined
  readonly partitioner: ((key: never, value: never, partitionCount: number) => number) | undefined
  readonly parents: TopologyNode[]
}
