import type { SqlType } from './sql-type.ts'

/** A named, typed column. */
export interface Column {
  readonly name: string
  readonly type: SqlType
}

/** Columns of one side (key or value) of a record, in order. */
export type Columns = readonly Column[]

/** Serialisation formats of the dialect, by their names in WITH clauses. */
export type FormatName =
  | 'JSON'
  | 'JSON_SR'
  | 'AVRO'
  | 'PROTOBUF'
  | 'PROTOBUF_NOSR'
  | 'DELIMITED'
  | 'KAFKA'
  | 'NONE'
  | 'DEBEZIUM_JSON'
  | 'DEBEZIUM_AVRO'

/** How PROTOBUF and PROTOBUF_NOSR tell null from 0, false and empty text: `optional` fields, or messages around the values. */
export type ProtobufNullable = 'OPTIONAL' | 'WRAPPER'

/** A format with its properties: how one side of a topic is written. */
export interface FormatSpec {
  readonly format: FormatName
  /** Single-column side: a record around the value (`true`) or the bare value. Format's default when absent. */
  readonly wrap?: boolean
  /** DELIMITED: one character. Default `,`. */
  readonly delimiter?: string
  /** AVRO, PROTOBUF, JSON_SR: full name of the record. */
  readonly schemaFullName?: string
  /** PROTOBUF, PROTOBUF_NOSR. Default: nulls of primitive types are lost. */
  readonly nullable?: ProtobufNullable
  /** Registry id to write with and read by. */
  readonly schemaId?: number
  /** DEBEZIUM_*: the old row of an update or delete holds every column, as the database was told to log it. Default: only key columns count. */
  readonly beforeIsComplete?: boolean
  /** DEBEZIUM_*: topic for records that cannot be read, as they are. */
  readonly deadLetterTopic?: string
}
