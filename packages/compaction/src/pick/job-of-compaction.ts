import type {
  CompactionJobDescription,
  KeyPart,
  OutputDescription,
} from '../job/job-description.ts'
import { totalSizeBytes } from './file-size.ts'
import type { Compaction } from './compaction.ts'

/**
 * How many file numbers to reserve for the outputs of a compaction. If they do not suffice, the last output grows beyond
 * its target: nothing is lost.
 */
export function outputFileNumbersNeeded(compaction: Compaction): number {
  const files = compaction.inputs.flatMap((input) => input.files)
  const bySize = Math.ceil(totalSizeBytes(files) / Math.max(1, compaction.targetFileSizeBytes))
  return files.length + bySize + compaction.grandparents.length + 4
}

/** The job that rewrites the inputs of a compaction, or those of a part of its keys. */
export function createCompactionJob(
  compaction: Compaction,
  output: OutputDescription,
  part?: KeyPart,
): CompactionJobDescription {
  const { inputs, outputLevel, bottommost, deeperLevels, grandparents } = compaction
  const { targetFileSizeBytes, alignsWithGrandparents, maxCompactionBytes } = compaction
  return {
    ...output,
    inputs,
    outputLevel,
    bottommost,
    deeperLevels,
    grandparents,
    targetFileSizeBytes,
    alignsWithGrandparents,
    maxCompactionBytes,
    ...(part === undefined ? {} : { part }),
  }
}
