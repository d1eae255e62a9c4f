import type { FormatSpec, SqlType } from '@varve/serde'

import type { HeaderColumn, TimestampColumn, WindowInfo } from '../catalog/data-source.ts'
import type { LiteralJson } from '../expression/typed-expression.ts'
import type { NamedPlanExpression, PlanExpression, PlanSchema } from './schema.ts'

/** Version of the plan format, written into every plan; a reader refuses a newer one. */
export const planFormatVersion = 1

/** How an internal topic (repartition, changelog) or store writes its rows. */
export interface InternalFormats {
  readonly keyFormat: FormatSpec
  readonly valueFormat: FormatSpec
}

/** Common to all nodes. */
export interface PlanNodeBase {
  /**
   * Name of the step, unique in the plan, as ksqlDB names contexts: `Aggregate-GroupBy`. Names of stores and internal topics derive from it:
   * `<application id>-<step>-repartition`, `<application id>-<step>-Materialize-changelog`.
   */
  readonly step: string
  /** Rows that leave the node. */
  readonly schema: PlanSchema
}

/** Reads a topic as a stream. */
export interface StreamSourceNode extends PlanNodeBase {
  readonly kind: 'streamSource'
  readonly sourceName: string
  readonly alias: string
  readonly topic: string
  readonly keyFormat: FormatSpec
  readonly valueFormat: FormatSpec
  readonly timestamp?: TimestampColumn
  readonly window?: WindowInfo
  readonly headerColumns: readonly HeaderColumn[]
}

/** Reads a topic as a table: null keys are ignored, null values delete. */
export interface TableSourceNode extends Omit<StreamSourceNode, 'kind'> {
  readonly kind: 'tableSource'
  /** Whether the rows must be kept in a store (for old values or look-ups); its changelog is the topic itself. */
  readonly materialized: boolean
}

/** Keeps rows whose predicate is true. On a table, a row that stops matching becomes a tombstone. */
export interface FilterNode extends PlanNodeBase {
  readonly kind: 'filter'
  readonly source: PlanNode
  readonly table: boolean
  readonly predicate: PlanExpression
}

/**
 * Computes value columns; the key stays as it is (its columns may be renamed). A null value stays null.
 */
export interface ProjectNode extends PlanNodeBase {
  readonly kind: 'project'
  readonly source: PlanNode
  readonly table: boolean
  /** One per value column of the schema. */
  readonly columns: readonly NamedPlanExpression[]
}

/**
 * Gives a stream a new key and sends it through a repartition topic.
 *
 * `keys` are evaluated on the input row, one per key column of the schema; the value is passed on. A failing expression gives a null key column;
 * with a single key column that is null, the key is null. No keys: the key becomes null (no repartition topic then).
 */
export interface PartitionByNode extends PlanNodeBase {
  readonly kind: 'partitionBy'
  readonly source: PlanNode
  readonly keys: readonly NamedPlanExpression[]
  readonly formats: InternalFormats
  /**
   * Whether the rows must travel through an internal topic before the next node. A PARTITION BY that only leads to the sink need not:
   * the sink's topic does the partitioning.
   */
  readonly repartition: boolean
  /** How rows with null value are keyed: keys over key columns only are still evaluated, others give a null key. */
  readonly keysUseValue: readonly boolean[]
}

/** Groups rows; rows with a null (or failing) grouping value, and with null value, are dropped and reported. */
export interface GroupByNode extends PlanNodeBase {
  readonly kind: 'groupBy'
  readonly source: PlanNode
  readonly table: boolean
  /** One per key column of the schema. */
  readonly keys: readonly NamedPlanExpression[]
  readonly formats: InternalFormats
  /** `false`: the keys are the key already. */
  readonly repartition: boolean
}

/** One aggregate function call. */
export interface AggregateCall {
  /** Name of the value column with the result. */
  readonly name: string
  readonly function: string
  /** Which overload, in its own words. */
  readonly signature: string
  /** Evaluated on the rows of the aggregate's input. */
  readonly arguments: readonly PlanExpression[]
  /** Types of the arguments, for the state. */
  readonly argumentTypes: readonly SqlType[]
  /** Trailing constant parameters. */
  readonly constants: readonly { readonly type: SqlType | null; readonly value: LiteralJson }[]
  /** Properties set when the plan was made that the function obeys. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  readonly stateType: SqlType
  readonly resultType: SqlType
}

/** A window of an aggregation. Times in milliseconds. */
export interface AggregateWindow {
  readonly type: 'TUMBLING' | 'HOPPING' | 'SESSION'
  /** Size; for sessions the inactivity gap. */
  readonly sizeMs: number
  /** Equals the size for TUMBLING, 0 for SESSION. */
  readonly advanceMs: number
  readonly graceMs: number
  readonly retentionMs: number
}

/**
 * Keeps one state per group (and window). The store row is the states in the order of `calls`; the output row their results in the same order.
 * Output timestamp: the larger of the row's and the previous aggregate's.
 */
export interface AggregateNode extends PlanNodeBase {
  readonly kind: 'aggregate'
  readonly source: GroupByNode
  /** Input is a table: undo the old row, add the new one. */
  readonly table: boolean
  readonly calls: readonly AggregateCall[]
  readonly window?: AggregateWindow
  /** For the changelog: key as grouped, value = states. */
  readonly formats: InternalFormats
  /** Name of the state store: `Aggregate-Aggregate-Materialize`. */
  readonly store: string
}

/** EMIT FINAL: holds rows of windowed aggregates until their window closes. */
export interface SuppressNode extends PlanNodeBase {
  readonly kind: 'suppress'
  readonly source: PlanNode
  readonly window: AggregateWindow
}

/** INNER, LEFT, RIGHT or FULL. */
export type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL'

/**
 * Output value row of all joins: the left value columns, then the right value columns (nulls for the missing side); the key is the join key. Inputs are
 * co-partitioned: repartition nodes stand in front where needed. Both inputs carry copies of key columns in their value where they are used.
 */
export interface StreamTableJoinNode extends PlanNodeBase {
  readonly kind: 'streamTableJoin'
  readonly type: 'INNER' | 'LEFT'
  readonly left: PlanNode
  readonly right: PlanNode
  readonly formats: InternalFormats
}

/** Windowed join of two streams. Times in milliseconds. */
export interface StreamStreamJoinNode extends PlanNodeBase {
  readonly kind: 'streamStreamJoin'
  readonly type: JoinType
  readonly left: PlanNode
  readonly right: PlanNode
  readonly beforeMs: number
  readonly afterMs: number
  /** Absent: unmatched rows are emitted eagerly. */
  readonly graceMs?: number
  readonly leftFormats: InternalFormats
  readonly rightFormats: InternalFormats
}

/** Join of two tables on their primary keys. */
export interface TableTableJoinNode extends PlanNodeBase {
  readonly kind: 'tableTableJoin'
  readonly type: JoinType
  readonly left: PlanNode
  readonly right: PlanNode
}

/** Sends a table through an internal topic, so that its keys have the bytes, and lie in the partitions, of the side it is joined with. */
export interface TableRepartitionNode extends PlanNodeBase {
  readonly kind: 'tableRepartition'
  readonly source: PlanNode
  readonly formats: InternalFormats
}

/** Join of a table with another one's primary key; the key is the left one's. */
export interface ForeignKeyJoinNode extends PlanNodeBase {
  readonly kind: 'foreignKeyJoin'
  readonly type: 'INNER' | 'LEFT'
  readonly left: PlanNode
  readonly right: PlanNode
  /** Evaluated on left rows. */
  readonly foreignKey: PlanExpression
  readonly formats: InternalFormats
}

/** Table functions: every row becomes as many rows as the longest list has elements. The lists are zipped, padded with null. */
export interface FlatMapNode extends PlanNodeBase {
  readonly kind: 'flatMap'
  readonly source: PlanNode
  /** Calls of table functions; their results are value columns behind those of the source. */
  readonly functions: readonly NamedPlanExpression[]
}

/** Writes the rows to the topic of a stream or table. */
export interface SinkNode extends PlanNodeBase {
  readonly kind: 'sink'
  readonly source: PlanNode
  readonly sinkName: string
  readonly sinkKind: 'STREAM' | 'TABLE'
  readonly topic: string
  readonly keyFormat: FormatSpec
  readonly valueFormat: FormatSpec
  /** Column of the result that gives the output its timestamp. */
  readonly timestamp?: TimestampColumn
}

/** A node of a physical plan. */
export type PlanNode =
  | StreamSourceNode
  | TableSourceNode
  | FilterNode
  | ProjectNode
  | PartitionByNode
  | GroupByNode
  | AggregateNode
  | SuppressNode
  | StreamTableJoinNode
  | StreamStreamJoinNode
  | TableTableJoinNode
  | TableRepartitionNode
  | ForeignKeyJoinNode
  | FlatMapNode
  | SinkNode

/** Where pull queries find the rows of a table that a query keeps. */
export interface Materialization {
  /**
   * Step of the node that owns the store: an aggregate, or the last node before the sink. The filter and project nodes between it and the sink turn a
   * stored row into a row of the table.
   */
  readonly step: string
  readonly store: string
  readonly window?: WindowInfo
}

/** Topic of a sink, to be created when it does not exist. */
export interface SinkTopic {
  readonly name: string
  /** Given, configured or taken from the leftmost source's topic; absent when that is unknown. */
  readonly partitions?: number
  readonly replicas?: number
  readonly retentionMs?: number
  /** Streams `delete`, tables `compact`, windowed tables both. */
  readonly cleanupPolicy: 'delete' | 'compact' | 'compact,delete'
}

/**
 * The plan of a persistent query: plain data, survives JSON, goes into the command topic.
 */
export interface QueryPlan {
  readonly version: number
  /** Names of the sources read, leftmost first. */
  readonly sources: readonly string[]
  readonly root: SinkNode
  /** Whether the result is a stream or a table. */
  readonly resultKind: 'STREAM' | 'TABLE'
  /** Tables only. */
  readonly materialization?: Materialization
  readonly emit: 'CHANGES' | 'FINAL'
}

/** The plan of the query that keeps a SOURCE table readable: it materialises the topic and writes nothing. */
export interface SourceTablePlan {
  readonly version: number
  readonly sources: readonly string[]
  readonly root: TableSourceNode
  readonly resultKind: 'TABLE'
  readonly materialization: Materialization
  readonly emit: 'CHANGES'
}

/** The plan of a push query: as a persistent one without sink; all columns of a result row are values. */
export interface PushQueryPlan {
  readonly version: number
  readonly sources: readonly string[]
  readonly root: PlanNode
  readonly resultKind: 'STREAM' | 'TABLE'
  /** Columns of a result row, evaluated on the rows that leave `root`, in order. */
  readonly output: readonly OutputColumn[]
  readonly emit: 'CHANGES' | 'FINAL'
  readonly limit?: number
}

/** A column of a result row of a push or pull query. */
export interface OutputColumn extends NamedPlanExpression {
  readonly type: SqlType
  /** Whether it is one of the key columns, or a window bound: kept in tombstones. */
  readonly key: boolean
}
