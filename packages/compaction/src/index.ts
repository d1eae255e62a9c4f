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
  KeyPart,
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
export type {
  CompactionDecision,
  CompactionFilter,
  CompactionFilterContext,
  FilteredType,
} from './iterator/compaction-filter.ts'
export { LevelIterator } from './iterator/level-iterator.ts'
export { MergingIterator } from './iterator/merging-iterator.ts'
export type { MergeOperator } from './iterator/merge-operator.ts'
export { RateLimiter, type IoPriority, type RateLimiterOptions } from './rate-limit/rate-limiter.ts'
export type {
  Compaction,
  CompactionKind,
  CompactionPicker,
  CompactionReason,
  CompressionByPlace,
  CompressionPlace,
  LevelScore,
  ManualLevels,
  ManualRange,
  ManualStep,
  PickInput,
} from './pick/compaction.ts'
export { LeveledCompactionPicker } from './pick/leveled-picker.ts'
export type { LeveledCompactionOptions } from './pick/leveled-options.ts'
export type { CompactionPriority } from './pick/file-priority.ts'
export { UniversalCompactionPicker, type UniversalPickerOptions } from './pick/universal-picker.ts'
export type { UniversalCompactionOptions } from './pick/universal-options.ts'
export { FifoCompactionPicker } from './pick/fifo-picker.ts'
export type { FifoCompactionOptions, FifoPickerOptions } from './pick/fifo-options.ts'
export type { LevelFile } from './pick/due-files.ts'
export { filesWithinRanges } from './pick/files-within-ranges.ts'
export { createCompactionJob, outputFileNumbersNeeded } from './pick/job-of-compaction.ts'
export { splitCompaction } from './pick/split-compaction.ts'
export {
  computeWriteStall,
  type WriteStall,
  type WriteStallCause,
  type WriteStallInput,
  type WriteStallOptions,
} from './pick/write-stall.ts'
export {
  DelayedWriteRate,
  type DelayedWriteRateOptions,
  type StallPressure,
} from './rate-limit/delayed-write-rate.ts'

// What a user of the package alone needs of the layers below.
export {
  bytewiseComparator,
  encodeInternalKey,
  reverseBytewiseComparator,
  ValueType,
} from '@varve/base'
export { Version } from '@varve/manifest'
