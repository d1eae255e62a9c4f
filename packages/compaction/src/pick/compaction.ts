import type { FileMetadata, Version } from '@varve/manifest'

import type { CompactionInputLevel, KeyRange } from '../job/job-description.ts'

/** Why a compaction was chosen. */
export type CompactionReason =
  'level0FileCount' | 'levelSize' | 'markedForCompaction' | 'bottommostTombstones' | 'manual'

/**
 * A compaction that a picker wants: plain data. A trivial move changes the MANIFEST only: the one input table enters the
 * output level as it is.
 */
export interface Compaction {
  readonly reason: CompactionReason
  /** Start level first. Level-0 tables newest first, others ascending. */
  readonly inputs: readonly CompactionInputLevel[]
  readonly outputLevel: number
  readonly trivialMove: boolean
  /** Nothing below the output level overlaps the compaction. */
  readonly bottommost: boolean
  readonly deeperLevels: readonly (readonly KeyRange[])[]
  readonly grandparents: readonly FileMetadata[]
  readonly targetFileSizeBytes: number
  readonly maxCompactionBytes: number
}

/** How urgently a level wants compaction; from 1 on it does. */
export interface LevelScore {
  readonly level: number
  readonly score: number
}

/** What a picker looks at. */
export interface PickInput {
  readonly version: Version
  /** Numbers of tables that running compactions read. */
  readonly filesInCompaction: ReadonlySet<number>
  /** Output levels and key ranges (user keys, inclusive) of running compactions: their outputs may appear there. */
  readonly runningOutputs?: readonly (KeyRange & { readonly level: number })[]
  /** Oldest live snapshot, absent when there is none. */
  readonly oldestSnapshot?: number
  /** By level: where the next compaction of the level starts; absent: with the best table. */
  readonly compactCursors?: ReadonlyMap<number, Uint8Array>
}

/** A range of user keys to compact by hand; an absent end is open. */
export interface ManualRange {
  readonly begin?: Uint8Array
  /** Inclusive. */
  readonly end?: Uint8Array
}

/** Decides what to compact: a pure function of the version and what is running. */
export interface CompactionPicker {
  /** Levels by descending score. */
  scores(input: PickInput): readonly LevelScore[]
  /** Whether {@link CompactionPicker.pick} may find something. */
  needsCompaction(input: PickInput): boolean
  /** The most urgent compaction that can run now. */
  pick(input: PickInput): Compaction | undefined
  /**
   * The compaction of the tables of `level` that overlap the range, one level down. `undefined` when none overlaps;
   * `'busy'` when running compactions are in the way.
   */
  pickRange(input: PickInput, level: number, range: ManualRange): Compaction | 'busy' | undefined
}
