/**
 * A Kafka client over any transport: fetcher, transactional producer, group member, admin.
 *
 * @packageDocumentation
 */
export type * from './client.ts'
export { connectKafka, type ConnectKafkaOptions } from './connect-kafka.ts'
export { createKafka } from './create-kafka.ts'
export {
  FencedError,
  KafkaError,
  OffsetOutOfRangeError,
  TopicExistsError,
  TransactionAbortedError,
  type KafkaErrorDetail,
} from './errors.ts'
export { rangeAssignor } from './group/range-assignor.ts'
export { stickyAssignor } from './group/sticky-assignor.ts'
