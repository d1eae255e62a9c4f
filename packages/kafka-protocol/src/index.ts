/**
 * Kafka's bytes without sockets: record batches, requests and responses, groups, murmur2.
 *
 * @packageDocumentation
 */
export * from './messages/index.ts'
export { apiNameOf, apis, negotiateVersion } from './messages/apis.ts'
export type { ApiDefinition, MessageDecoder, MessageEncoder } from './messages/api-definition.ts'
export type { Lane, SendOptions, Target, Transport } from './transport.ts'

export {
  BATCH_HEADER_BYTES,
  BatchAttribute,
  BatchField,
  compressionNames,
  type CompressionName,
} from './records/batch-format.ts'
export {
  batchCrcMatches,
  batchSizeAt,
  readBatchHeader,
  readBatchHeaders,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  setBatchLogAppendTime,
  setBatchProducer,
  type BatchHeader,
  type LocatedBatch,
} from './records/batch-header.ts'
export {
  decodeRecordBatch,
  RecordBatch,
  RecordCursor,
  type DecodeBatchOptions,
} from './records/record-batch.ts'
export { RecordBatchBuilder, type BatchStamp } from './records/record-batch-builder.ts'
export {
  decodeControlRecord,
  encodeControlBatch,
  type EndTransactionKind,
  type EndTransactionMarker,
} from './records/control-record.ts'
export { filterRecordBatch, type FilteredBatch } from './records/filter-batch.ts'
export type { DecodedRecord, RecordHeader } from './records/record.ts'
export { ErrorCode, errorName, isRetriableError, type ErrorName } from './error-codes.ts'
export { murmur2, partitionForKey } from './murmur2.ts'
export {
  decodeRequestFrame,
  decodeResponseFrame,
  encodeRequestFrame,
  encodeResponseFrame,
  type RequestHeader,
} from './messages/frame.ts'
export {
  CONSUMER_PROTOCOL_TYPE,
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
  type ConsumerAssignment,
  type ConsumerSubscription,
  type TopicPartitions,
} from './groups/consumer-protocol.ts'
