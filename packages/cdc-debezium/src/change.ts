import type { SqlType } from '@varve/serde'

import type { RawObject } from './connect/raw.ts'
import type { ColumnValue, Instant, StructValue } from './values/values.ts'

/** A Kafka record, from any client. */
export interface ChangeRecord {
  readonly topic?: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | null }[]
}

/** Operations: create, read (snapshot), update, delete. */
export type RowOperation = 'c' | 'r' | 'u' | 'd'

/** What an event does to a table keyed by `key`. `patch`: the stored document is changed by `document.update`. */
export type ChangeEffect =
  'upsert' | 'patch' | 'delete' | 'delete-range' | 'truncate' | 'append' | 'none'

/** Whose row it is. Parts that the connector does not have are undefined. */
export interface TableName {
  readonly database: string | undefined
  readonly keyspace: string | undefined
  readonly schema: string | undefined
  readonly name: string | undefined
}

/** Where the event stands in the source's log, by the connector's own members; compare by the connector's own rules. */
export type SourcePosition = Readonly<
  Record<
    string,
    | string
    | number
    | bigint
    | readonly (string | null)[]
    | readonly Readonly<Record<string, unknown>>[]
    | null
  >
>

/** Where a change comes from. */
export interface ChangeSource {
  readonly connector: string
  /** Debezium's version. */
  readonly version: string | undefined
  /** Topic prefix. */
  readonly name: string | undefined
  readonly table: TableName
  /** `false` for streamed events; otherwise the snapshot mark (`true`, `first`, `last`, `incremental` …). */
  readonly snapshot: string
  readonly position: SourcePosition | undefined
  /** The block as sent, for what is not named here. */
  readonly raw: RawObject
}

/** Place of an event in its transaction. */
export interface ChangeTransaction {
  readonly id: string
  readonly totalOrder: bigint | undefined
  readonly dataCollectionOrder: bigint | undefined
  /** Vitess only. */
  readonly epoch: bigint | undefined
  /** Vitess only. */
  readonly rank: string | undefined
}

/** What the event's schema says of a column. */
export interface ColumnInfo {
  /** Undefined where nothing tells. */
  readonly type: SqlType | undefined
  readonly nullable: boolean | undefined
  /** Members of an ENUM or SET. */
  readonly allowed: readonly string[] | undefined
}

/** Old and new key of a row whose key changed: a delete, a tombstone and a create carry them. */
export interface KeyChange {
  readonly oldKey?: ColumnValue
  readonly newKey?: ColumnValue
}

interface ChangeBase {
  readonly topic: string | undefined
  /** A struct of the key columns; a bare value if the key is one; null without a key. */
  readonly key: ColumnValue
  readonly effect: ChangeEffect
}

/** A row was created, read, updated or deleted. */
export interface RowChange extends ChangeBase {
  readonly kind: 'row'
  readonly shape: 'envelope' | 'flattened' | 'cloudevents' | 'mongodb' | 'cassandra'
  /** Null where the event does not tell (flattened rows without metadata). */
  readonly op: RowOperation | null
  /** Whether `op` was concluded from the rows, because the event does not say it: a create may be a snapshot's read. */
  readonly opInferred: boolean
  /** Whether columns that did not change may be null in both rows (Spanner). */
  readonly rowsMayBePartial: boolean
  /** As sent. Columns that the source's log did not carry may hold null or a fallback of their type: see {@link beforeTrusted}. */
  readonly before: StructValue | null
  /** The part of `before` that holds whatever the table's replica identity is. */
  readonly beforeTrusted: StructValue | null
  readonly after: StructValue | null
  /** Columns of `after` whose value was not sent ({@link UNAVAILABLE}): keep what is stored. */
  readonly unavailable: readonly string[]
  readonly columns: ReadonlyMap<string, ColumnInfo>
  /** As far as the event names it. */
  readonly table: TableName | undefined
  readonly source: ChangeSource | undefined
  /** When the database made the change, or read the row for a snapshot. */
  readonly time: Instant | undefined
  /** When the connector handled it. */
  readonly processedTime: Instant | undefined
  readonly transaction: ChangeTransaction | undefined
  /** Text to group a transaction's events by; `transaction.id` may differ within one. */
  readonly transactionKey: string | undefined
  readonly keyChange: KeyChange | undefined
  /** Members of the key that routing added (`__dbz__…`). */
  readonly routingKey: StructValue | undefined
  /** Fields that flattening added, without their prefix. */
  readonly metadata: StructValue | undefined
  /** Whether zeros and empty values may stand for null (Protobuf). */
  readonly nullsMayBeZero?: boolean
  /** Of MongoDB, whose documents are the rows. */
  readonly document?: DocumentChange
  /** The source's own types, where a transformation put them beside the rows (`ExtractSchemaToNewRecord`). */
  readonly sourceSchema?: SourceSchema
}

/** What only documents have. The documents themselves are `before` and `after`. */
export interface DocumentChange {
  /** The key's `id`, which is text in the key itself. */
  readonly id: ColumnValue
  /** Whether `after` was looked up when the event was handled, and so can hold later changes too. */
  readonly afterMayBeNewer: boolean
  /** What the update did, as far as it was sent; apply it with `applyDocumentUpdate`. */
  readonly update: DocumentUpdate | undefined
}

/** Changed parts of a document. Paths are names and indexes of arrays with dots between. */
export interface DocumentUpdate {
  /** New values by path. */
  readonly updatedFields: StructValue
  readonly removedFields: readonly string[]
  readonly truncatedArrays: readonly { readonly field: string; readonly size: number }[]
}

/** Rows of one partition were deleted (Cassandra): those between the bounds, or all. */
export interface RangeDelete extends ChangeBase {
  readonly kind: 'range-delete'
  readonly op: 'r' | 'd'
  readonly start: RangeBound | undefined
  readonly end: RangeBound | undefined
  readonly source: ChangeSource | undefined
  readonly time: Instant | undefined
  readonly processedTime: Instant | undefined
}

/** One end of a range of rows, by leading clustering columns. */
export interface RangeBound {
  /** As Cassandra calls it, such as `INCL_START_BOUND`. */
  readonly method: string
  readonly values: readonly {
    readonly name: string
    readonly value: ColumnValue
    /** Cassandra's name of the column's type. */
    readonly type: string | undefined
  }[]
}

/** The record after a delete, or a lone delete: the key and nothing else. */
export interface Tombstone extends ChangeBase {
  readonly kind: 'tombstone'
  /** How null was spelled. */
  readonly nullForm: 'bytes' | 'json-null' | 'payload-null'
  readonly op: RowOperation | null
  readonly time: Instant | undefined
  readonly keyChange: KeyChange | undefined
  readonly routingKey: StructValue | undefined
  /** Of MongoDB, where the decoder is told so: the key's `id`. */
  readonly documentId?: ColumnValue
}

/** The whole table was emptied. Its key is null. */
export interface TruncateChange extends ChangeBase {
  readonly kind: 'truncate'
  readonly op: 't'
  readonly source: ChangeSource | undefined
  readonly time: Instant | undefined
  readonly processedTime: Instant | undefined
  readonly transaction: ChangeTransaction | undefined
  readonly transactionKey: string | undefined
}

/** PostgreSQL's `pg_logical_emit_message`. */
export interface LogicalMessage extends ChangeBase {
  readonly kind: 'message'
  readonly op: 'm'
  readonly prefix: string
  readonly content: Uint8Array | null
  readonly source: ChangeSource | undefined
  readonly time: Instant | undefined
  readonly processedTime: Instant | undefined
  readonly transaction: ChangeTransaction | undefined
  readonly transactionKey: string | undefined
}

/** Begin or end of a transaction. */
export interface TransactionBoundary extends ChangeBase {
  readonly kind: 'transaction'
  readonly status: 'BEGIN' | 'END'
  readonly id: string
  readonly transactionKey: string
  /** Of END. */
  readonly eventCount: bigint | undefined
  readonly dataCollections: readonly { readonly name: string; readonly eventCount: bigint }[]
  readonly time: Instant | undefined
}

/** Sign of life of a connector. */
export interface Heartbeat extends ChangeBase {
  readonly kind: 'heartbeat'
  readonly serverName: string | undefined
  /** Vitess only. */
  readonly vgtid: string | undefined
  readonly time: Instant | undefined
}

/** A column as DDL made it. */
export interface ColumnDefinition {
  readonly name: string
  /** The database's name of the type. */
  readonly type: string | undefined
  /** Number of java.sql.Types. */
  readonly jdbcType: number | undefined
  readonly length: number | undefined
  readonly scale: number | undefined
  readonly optional: boolean | undefined
  readonly autoIncremented: boolean | undefined
  /** SQL text of the default. */
  readonly default: string | undefined
  /** The whole type as the database writes it. */
  readonly typeExpression?: string
  readonly charset?: string
  /** Counted from 1. */
  readonly position?: number
  /** Whether the database computes it. */
  readonly generated?: boolean
  readonly comment?: string
  /** Members of an ENUM or SET, without quotes. */
  readonly enumValues?: readonly string[]
}

/** What the source calls a table and the types of its columns. */
export interface SourceSchema {
  readonly table: string | undefined
  readonly columns: readonly ColumnDefinition[]
}

/** One table that DDL made, changed or dropped. */
export interface TableDefinitionChange {
  readonly type: string
  /** Parts of the name, without quotes. */
  readonly tableId: readonly string[]
  /** Of a rename. */
  readonly previousTableId: readonly string[] | undefined
  readonly primaryKey: readonly string[]
  readonly columns: readonly ColumnDefinition[]
}

/** DDL. */
export interface SchemaChange extends ChangeBase {
  readonly kind: 'schema-change'
  readonly database: string | undefined
  readonly schema: string | undefined
  readonly ddl: string | undefined
  readonly changes: readonly TableDefinitionChange[]
  readonly source: ChangeSource | undefined
  readonly time: Instant | undefined
}

/** Progress of a snapshot and the like. */
export interface Notification extends ChangeBase {
  readonly kind: 'notification'
  readonly id: string
  readonly type: string
  readonly aggregateType: string
  readonly additionalData: ReadonlyMap<string, string>
  readonly time: Instant | undefined
}

/** An event of the outbox router. */
export interface OutboxEvent extends ChangeBase {
  readonly kind: 'outbox'
  readonly aggregateType: string | undefined
  readonly eventId: string | undefined
  /** Parsed where it is JSON. */
  readonly payload: ColumnValue
  /** Columns that the router placed beside the payload. */
  readonly additional: StructValue | undefined
}

/** A connector's private history of DDL. Nothing to consume; recognised so that it is not taken for anything else. */
export interface SchemaHistoryRecord extends ChangeBase {
  readonly kind: 'schema-history'
}

/** A record that is no change event as far as it shows. */
export interface RawChange extends ChangeBase {
  readonly kind: 'raw'
  readonly value: ColumnValue
}

/** What a record of a Debezium topic says. */
export type Change =
  | RowChange
  | RangeDelete
  | Tombstone
  | TruncateChange
  | LogicalMessage
  | TransactionBoundary
  | Heartbeat
  | SchemaChange
  | Notification
  | OutboxEvent
  | SchemaHistoryRecord
  | RawChange
