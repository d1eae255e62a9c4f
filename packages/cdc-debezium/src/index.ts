/**
 * Debezium change events decoded to typed table changes.
 *
 * @packageDocumentation
 */
export { decodeChange } from './decode-change.ts'
export { ChangeDecoder } from './change-decoder.ts'
export { ChangeDecodeError, type ChangeFault } from './errors.ts'
export type { ChangeDecoderOptions } from './options.ts'
export type { ColumnHint } from './column-hint.ts'
export type {
  Change,
  ChangeEffect,
  ChangeRecord,
  ChangeSource,
  ChangeTransaction,
  ColumnDefinition,
  ColumnInfo,
  DocumentChange,
  DocumentUpdate,
  Heartbeat,
  KeyChange,
  LogicalMessage,
  OutboxEvent,
  Notification,
  RangeBound,
  RangeDelete,
  RawChange,
  RowChange,
  RowOperation,
  SchemaChange,
  SchemaHistoryRecord,
  SourcePosition,
  SourceSchema,
  TableDefinitionChange,
  TableName,
  Tombstone,
  TransactionBoundary,
  TruncateChange,
} from './change.ts'
export type { Raw, RawObject } from './connect/raw.ts'
export { registeredColumns } from './connect/registered-columns.ts'
export { applyDocumentUpdate } from './documents/apply-update.ts'
export { parseExtendedJson } from './documents/extended-json.ts'
export { isStruct } from './record/key.ts'
export {
  DebeziumTable,
  type DebeziumTableOptions,
  type RecordPlace,
  type TableProgress,
} from './table/debezium-table.ts'
export { loadTable, saveTable } from './table/saved-table.ts'
export {
  compareMarks,
  markOf,
  type MarkedEvent,
  type MarkOrder,
  type SourceMark,
} from './table/source-mark.ts'
export { formatStoredRow, parseStoredRow } from './table/stored-row-text.ts'
export type { TableEffect } from './table/table-effect.ts'
export { MemoryTableStore, type StoredRow, type TableStore } from './table/table-store.ts'
export { formatValue, parseValue } from './values/value-text.ts'
export { BsonBinary } from './values/bson-binary.ts'
export {
  BitString,
  BsonCode,
  BsonMarker,
  BsonRegex,
  BsonTimestamp,
  Circle,
  Duration,
  ExactDecimal,
  Geometry,
  InfiniteTime,
  Instant,
  Interval,
  JsonText,
  Line,
  NonFiniteDecimal,
  ObjectId,
  PlainDate,
  PlainDateTime,
  PlainTime,
  Point,
  SparseVector,
  UNAVAILABLE,
  Vector,
  ZonedTime,
  type ColumnValue,
  type StructValue,
} from './values/values.ts'
export type { EnvelopeColumn } from './write/column-schema.ts'
export {
  EnvelopeWriter,
  type EnvelopeWriterOptions,
  type WritableChange,
  type WritableRow,
} from './write/envelope-writer.ts'
