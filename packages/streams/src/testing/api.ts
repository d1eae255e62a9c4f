import type { RecordHeader } from '@varve/kafka'

import type { SkippedRecord } from '../application/options.ts'
import type { ReadOnlyKeyValueStore, ReadOnlyWindowStore } from '../state/store.ts'
import type { RestartFrom } from './test-task.ts'

/** A record piped into a {@link TopologyTestDriverApi}. */
export interface TestInputRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers?: readonly RecordHeader[]
  /** Default 0. All partitions are processed by one task. */
  readonly partition?: number
}

/** A record that the topology wrote to a topic outside of it. */
export interface TestOutputRecord {
  readonly topic: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers: readonly RecordHeader[]
}

/** Runs a topology synchronously, without broker, under a clock moved by hand. */
export interface TopologyTestDriverApi extends Disposable {
  /** Processes the record, and what it sends to repartition topics, to the end. */
  pipeInput(topic: string, record: TestInputRecord): void
  /** The same for serdes that must fetch schemas before they can decode: waits for them where {@link pipeInput} throws. */
  pipeInputAsync(topic: string, record: TestInputRecord): Promise<void>
  /** Takes what was written since the last call, in order over all topics (or of one topic). */
  readOutput(topic?: string): TestOutputRecord[]
  /** How many of the outputs not read yet come after the last commit: a restart takes them back. */
  readonly uncommittedOutputs: number
  advanceWallClockTime(ms: number): void
  /** Flushes caches, as a commit does. */
  commit(): void
  /** Records passed over since the start. */
  readonly skipped: readonly SkippedRecord[]
  /** Records dropped by operators, by reason. */
  readonly drops: ReadonlyMap<string, number>
  /** What the stores hold now, uncommitted writes included. */
  store<K, V>(name: string): ReadOnlyKeyValueStore<K, V>
  windowStore<K, V>(name: string): ReadOnlyWindowStore<K, V>
  /**
   * Kills all tasks and starts them again, from their state or from nothing but their changelogs. What was not committed is lost, its outputs
   * too as far as they have not been read, and the inputs since then are processed once more.
   */
  restart(from: RestartFrom): Promise<void>
  close(): void
  /** The same for a driver whose stores are in a storage. */
  closeStorage(): Promise<void>
}
