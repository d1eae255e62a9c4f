/**
 * What to compact (pure pickers) and how (iterator and job).
 *
 * @packageDocumentation
 */
export type {
  CompactionInputLevel,
  CompactionJobDescription,
  FlushJobDescription,
  JobResult,
  JobStats,
  KeyRange,
  OutputDescription,
  OutputFile,
} from './job/job-description.ts'
export type { JobEnvironment } from './job/job-environment.ts'
export { runCompaction } from './job/run-compaction.ts'
export { runFlush, type FlushInput } from './job/run-flush.ts'
export { tombstonesWithinFile } from './job/range-tombstones.ts'
export {
  CompactionIterator,
  type CompactionIteratorOptions,
} from './iterator/compaction-iterator.ts'
export { LevelIterator } from './iterator/level-iterator.ts'
export { MergingIterator } from './iterator/merging-iterator.ts'
export type { MergeOperator } from './iterator/merge-operator.ts'
export type {
  Compaction,
  CompactionPicker,
  CompactionReason,
  LevelScore,
  ManualRange,
  PickInput,
} from './pick/compaction.ts'
export { LeveledCompactionPicker } from './pick/leveled-picker.ts'
export type { LeveledCompactionOptions } from './pick/leveled-options.ts'
export { createCompactionJob, outputFileNumbersNeeded } from './pick/job-of-compaction.ts'
export { estimatePendingCompactionBytes } from './pick/pending-compaction-bytes.ts'
export {
  computeWriteStall,
  type WriteStall,
  type WriteStallInput,
  type WriteStallOptions,
} from './pick/write-stall.ts'

// What a user of the package alone needs of the layers below.
export {
  bytewiseComparator,
  encodeInternalKey,
  reverseBytewiseComparator,
  ValueType,
} from '@varve/base'
export { Version } from '@varve/manifest'
