import type { Columns, FormatSpec, Row, RowSerde, SchemaRegistry } from '@varve/serde'
import type {
  CompiledExpression,
  CompiledPredicate,
  CompiledRow,
  FunctionRegistry,
  PlanExpression,
  PlanNode,
  PlanSchema,
} from '@varve/sql'
import type { Materialized, Serde, StreamsBuilderApi } from '@varve/streams'

import type { Flow, PlanKey } from './flow.ts'
import type { RecordEvaluation } from './record-evaluation.ts'

/** What the node files need while a plan becomes a topology. */
export interface LoweringContext {
  readonly builder: StreamsBuilderApi
  readonly functions: FunctionRegistry
  /** Where sources without a committed position start: only when the session said so. */
  readonly offsetReset: 'earliest' | 'latest' | undefined
  /** EMIT FINAL: windowed aggregates send a window's rows once it closed. */
  readonly emitFinal: boolean
  /** With it: a window that closes goes out however far time has jumped. */
  readonly emitFinalComplete: boolean
  /** An undecodable record ends the query instead of going to the processing log. */
  readonly failOnDeserializationError: boolean
  /** A record whose time cannot be read ends the query instead of being dropped. */
  readonly failOnInvalidTimestamp: boolean
  /** Lowers an input of a node. */
  lower(node: PlanNode): Flow
  compile(expression: PlanExpression): CompiledExpression
  /** Columns of a projection, in one function. */
  compileRow(columns: readonly PlanExpression[]): CompiledRow
  compilePredicate(expression: PlanExpression): CompiledPredicate
  /** A context for evaluations of one node, whose failures go to the processing log under the node's step. */
  evaluation(step: string, windowed: boolean): RecordEvaluation
  /** Reports a record that a node let go for a reason that is not an exception. */
  reportDropped(step: string, message: string, evaluation: RecordEvaluation): void
  /** Serde of the value side of a topic. */
  valueSerde(format: FormatSpec, columns: Columns, topic: TopicUse): Serde<Row | null>
  /** Serde of keys of a topic that are read as rows, without windows. */
  rowKeySerde(format: FormatSpec, columns: Columns, topic: string): RowSerde
  readonly registry: SchemaRegistry
  /** Serde of the key side of a topic, windows included. */
  keySerde(format: FormatSpec, schema: PlanSchema, topic: TopicUse): Serde<PlanKey>
  /** Serde of keys in a store: their byte order is the order of the rows. */
  storeKeySerde(schema: PlanSchema): Serde<PlanKey>
  /** Serde of rows in a store and its changelog. */
  storeValueSerde(): Serde<Row>
  /** An internal topic, by its name without the application's prefix. */
  internalTopic(name: string): TopicUse
  /** The store that the node of this step must keep for pull queries. */
  pullStore(node: PlanNode): Materialized<PlanKey, Row> | undefined
}

/** A topic as a serde sees it. */
export interface TopicUse {
  /** Full name: registry formats name subjects after it. */
  readonly topic: string
  /** Whether records are written: their schema is registered before the query starts then. */
  readonly writes: boolean
  /** Names the Avro record of a key. */
  readonly sourceName?: string
}
