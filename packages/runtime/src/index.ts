/**
 * The streaming SQL engine: catalog, command log, persistent, push and pull queries, over an embedded broker or Kafka.
 *
 * @packageDocumentation
 */
export { Engine } from './engine/engine.ts'
export type { EngineHealth } from './engine/engine-health.ts'
export type {
  EngineOptions,
  KafkaConnection,
  Logger,
  SchemaRegistryConnection,
} from './engine/engine-options.ts'
export { EngineError, type EngineErrorReason } from './engine/engine-error.ts'
export type {
  AggregateSignature,
  AggregateSteps,
  ArgumentOf,
  ArgumentsOf,
  FunctionSignature,
} from './engine/define-function.ts'
export type { EngineMetrics, QueryMetrics } from './engine/engine-metrics.ts'
export type { EngineEvents, ProcessingLogEntry } from './engine/events.ts'
export type { Lineage, LineageNode } from './engine/lineage.ts'
export type { Position } from './engine/position.ts'
export type {
  ExecuteOptions,
  OpenQueryOptions,
  PrintHandle,
  QueryHandle,
  QueryOptions,
  ResultColumn,
  ResultRow,
  StatementOptions,
  VariableValue,
} from './engine/query-types.ts'
export type { InsertRow, RowInserter } from './engine/row-inserter.ts'
export { Session, type PropertyValue } from './engine/session.ts'
export type { Change } from './query/change.ts'
export type { SubscribeOptions } from './query/subscription.ts'
export type * from './result/entities.ts'
export type { FieldInfo, SchemaInfo } from './result/field-info.ts'
export { formatDate, formatTime, formatTimestamp, valueToJson } from './result/json-text.ts'
