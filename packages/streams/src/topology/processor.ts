import type { StateStore } from '../state/store.ts'
import type { RecordContext, StreamRecord } from '../record.ts'

/** Why an operator let a record go. */
export type DropReason =
  | 'null-key'
  | 'null-key-or-value'
  | 'null-value'
  | 'late'
  | 'expired'
  | 'out-of-order'
  | 'invalid-timestamp'
  | 'undecodable'
  | 'stale'

/** What a processor sees of its task. */
export interface ProcessorContext<KOut = unknown, VOut = unknown> {
  readonly taskId: string
  readonly nodeName: string
  /** Hands a record to all children, synchronously, depth first. */
  forward(record: StreamRecord<KOut, VOut>): void
  /** The store of this name, if the node was connected with it. @throws InvalidOptionError otherwise */
  store<S extends StateStore>(name: string): S
  /** The input record being processed. Outside of one (commit, punctuation): the last one. */
  readonly record: RecordContext
  /** The input record with time and headers of `record`. Borrowed until the next call. */
  recordAt(record: StreamRecord<unknown, unknown>): RecordContext
  /** Greatest event time this task has seen, restarts included; −1 before the first record. */
  readonly streamTime: number
  /** Wall clock, milliseconds since the epoch: when to look, never what comes out. */
  readonly wallClockTime: number
  /** Counts a record that is let go. */
  drop(reason: DropReason): void
  /** A number kept with the task's state over restarts (an operator's own time), `fallback` at first. */
  persistedNumber(name: string, fallback: number): PersistedNumber
  /** The same, common to all nodes of the task that use the name: the same object for each. */
  sharedNumber(name: string, fallback: number): PersistedNumber
  /** Minimum milliseconds of wall clock between two looks for closed windows. */
  readonly emitIntervalMs: number
}

/** A number that is committed together with the task's state. */
export interface PersistedNumber {
  value: number
}

/** One node's work in one task. Calls never overlap. */
export interface Processor<KIn, VIn, KOut, VOut> {
  init?(context: ProcessorContext<KOut, VOut>): void
  process(record: StreamRecord<KIn, VIn>): void
  close?(): void
}
