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
  Heartbeat,
  KeyChange,
  LogicalMessage,
  OutboxEvent,
  Notification,
  RawChange,
  RowChange,
  RowOperation,
  SchemaChange,
  SchemaHistoryRecord,
  SourcePosition,
  TableDefinitionChange,
  TableName,
  Tombstone,
  TransactionBoundary,
  TruncateChange,
} from './change.ts'
export type { Raw, RawObject } from './connect/raw.ts'
export { isStruct } from './record/key.ts'
export {
  BitString,
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
