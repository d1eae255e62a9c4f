import type { FileMetadata, Version } from '@varve/manifest'

import type { CompactionInputLevel, KeyRange } from '../job/job-description.ts'

/** Why a compaction was chosen. */
export type CompactionReason =
  | 'level0FileCount'
  | 'levelSize'
  | 'markedForCompaction'
  | 'bottommostFiles'
  | 'ttl'
  | 'periodic'
  | 'universalSizeAmplification'
  | 'universalSizeRatio'
  | 'universalSortedRunCount'
  | 'fifoMaxSize'
  | 'fifoTtl'
  | 'fifoFileCount'
  | 'manual'
  | 'files'

/**
 * What is done with the inputs: `rewrite` merges them into new tables; `move` changes the MANIFEST only, the tables enter
 * the output level as they are; `drop` deletes them, data and all.
 */
export type CompactionKind = 'rewrite' | 'move' | 'drop'

/** A compaction that a picker wants: plain data. */
export interface Compaction {
  readonly reason: CompactionReason
  readonly kind: CompactionKind
  /** Start level first. Level-0 tables newest first, others ascending. */
  readonly inputs: readonly CompactionInputLevel[]
  readonly outputLevel: number
  /** Level that level 0 goes to, by which compression per level is counted. */
  readonly baseLevel: number
  /** User keys of the inputs. */
  readonly range: KeyRange
  /** Nothing older than the inputs overlaps the compaction. */
  readonly bottommost: boolean
  /** Per sorted run that is older than the output and overlaps it: ranges of its tables, ascending. */
  readonly deeperLevels: readonly (readonly KeyRange[])[]
  readonly grandparents: readonly FileMetadata[]
  readonly targetFileSizeBytes: number
  /** Outputs also end at tables of the level after, where that spares later work. */
  readonly alignsWithGrandparents: boolean
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
  /** By level: internal key where the next round-robin compaction of the level starts. */
  readonly compactCursors?: ReadonlyMap<number, Uint8Array>
  /** Numbers of tables that were suggested for compaction, besides those that the MANIFEST marks. */
  readonly markedFiles?: ReadonlySet<number>
  /** Deletions of tables that this process has not written, as far as it has looked, by number. */
  readonly deletionsOf?: ReadonlyMap<number, number>
  /** Unix seconds; absent: no table is old. */
  readonly nowS?: number
  /**
   * Smallest sequence number in memtables. A table that is newer (one taken in from outside) must stay apart from others
   * in level 0: merged with them it could not be ordered against the flush to come.
   */
  readonly earliestMemtableSequence?: number
}

/** A range of user keys to compact by hand; an absent end is open. */
export interface ManualRange {
  readonly begin?: Uint8Array
  /** Inclusive. */
  readonly end?: Uint8Array
}

/** One step of a compaction by hand. */
export interface ManualStep {
  readonly range: ManualRange
  readonly level: number
  /** The level itself or one deeper. `'base'`: where level 0 goes. */
  readonly outputLevel: number | 'base'
  /** Rewrite even what could be moved. */
  readonly forbidsMove: boolean
  /** Leave tables with this number and larger ones alone: they came while the step ran. */
  readonly beforeFileNumber?: number
}

/** Decides what to compact: a pure function of the version and what is running. */
export interface CompactionPicker {
  /** Levels by descending score. */
  scores(input: PickInput): readonly LevelScore[]
  /** Whether {@link CompactionPicker.pick} may find something. */
  needsCompaction(input: PickInput): boolean
  /** The most urgent compaction that can run now. */
  pick(input: PickInput): Compaction | undefined
  /** The steps that compact a range by hand, in order. Asked for anew after each step has ended. */
  manualLevels(version: Version, range: ManualRange): ManualLevels | undefined
  /**
   * A part of a step: of the tables of its level that overlap the range. `undefined` when none is left; `'busy'` when running
   * compactions are in the way.
   */
  pickManual(input: PickInput, step: ManualStep): Compaction | 'busy' | undefined
  /** The compaction of named tables and what must go with them. @throws InvalidOptionError when that cannot be */
  pickFiles(
    input: PickInput,
    fileNumbers: readonly number[],
    outputLevel: number,
  ): Compaction | 'busy'
  /** Bytes that compactions have to move until nothing is due. */
  pendingCompactionBytes(version: Version): number
}

/** Where a table is, as far as its compression depends on it. */
export interface CompressionPlace {
  readonly level: number
  readonly baseLevel: number
  readonly bottommost: boolean
}

/** Name of the compression of tables at a place. Absent: the same everywhere. */
export type CompressionByPlace = (place: CompressionPlace) => string

/** Levels that hold tables of a range. */
export interface ManualLevels {
  readonly first: number
  readonly last: number
  /** All levels go together into this one, in one step from `first`. */
  readonly together?: number
}
