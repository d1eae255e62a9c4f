/**
 * Stream processing on Kafka records: topology, operators, windows, tasks, state stores, changelogs, restore.
 *
 * Describe an application with `StreamsBuilder`, test it with `TopologyTestDriver`, run it with `StreamsApplication`.
 *
 * @packageDocumentation
 */
export type * from './record.ts'
export type { Serde } from './serde.ts'
export { changeSerde } from './change-serde.ts'
export { sessionWindowedSerde, timeWindowedSerde } from './windowed-serde.ts'
export type * from './dsl/api.ts'
export { StreamsBuilder } from './dsl/streams-builder.ts'
export {
  hoppingWindows,
  sessionWindows,
  slidingWindows,
  tumblingWindows,
  type JoinWindows,
  type SessionWindows,
  type SlidingWindows,
  type TimeWindows,
} from './dsl/windows.ts'
export type * from './topology/processor.ts'
export type { ProcessorNode, SinkNode, SourceNode, TopologyNode } from './topology/node.ts'
export { Topology, type RepartitionTopic, type SubTopology } from './topology/topology.ts'
export type { ClosedWindows, StoreBuilder, StoreKind } from './state/store-builder.ts'
export type * from './state/store.ts'
export type * from './state/task-database.ts'
export type * from './application/options.ts'
export type { StreamsApplicationApi } from './application/api.ts'
export { StreamsApplication } from './application/streams-application.ts'
export { InternalTopicError, MissingTopicError } from './application/internal-topics.ts'
export { OffsetsResetError } from './application/input-positions.ts'
export { ChangelogLostError } from './application/restore.ts'
export { lsmStateStorage, type LsmStateStorageOptions } from './state/lsm-storage.ts'
export { memoryStateStorage } from './state/memory-storage.ts'
export { ProcessingError } from './task/processing-error.ts'
export {
  TopologyTestDriver,
  type TopologyTestDriverOptions,
} from './testing/topology-test-driver.ts'
export type { TestInputRecord, TestOutputRecord, TopologyTestDriverApi } from './testing/api.ts'
export type { RestartFrom } from './testing/test-task.ts'
