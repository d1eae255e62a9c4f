import { userKeyOf } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'

import type { CompactionInputLevel, KeyRange } from '../job/job-description.ts'
import type { Compaction, CompactionKind, CompactionReason, PickInput } from './compaction.ts'
import { keyRangeOf, rangesOverlap } from './key-range.ts'

/** What a picker has chosen, before it is checked against what runs. */
export interface CompactionDraft {
  readonly reason: CompactionReason
  readonly inputs: readonly CompactionInputLevel[]
  readonly outputLevel: number
  readonly baseLevel: number
  readonly targetFileSizeBytes: number
  readonly alignsWithGrandparents: boolean
  readonly maxCompactionBytes: number
}

/**
 * Completes a draft: what lies below it, whether anything older remains, what follows its outputs. `undefined` when a running
 * compaction reads one of its inputs or writes into its range of the output level.
 */
export function finishCompaction(
  input: PickInput,
  draft: CompactionDraft,
  kindOf: (compaction: Omit<Compaction, 'kind'>) => CompactionKind,
): Compaction | undefined {
  const { version, filesInCompaction } = input
  const inputs = draft.inputs.filter(({ files }) => files.length > 0)
  const all = inputs.flatMap(({ files }) => files)
  if (all.some((file) => filesInCompaction.has(file.number))) return undefined
  const range = keyRangeOf(version, all)
  const { outputLevel } = draft
  // A level-0 output overlaps nothing it must not: tables of level 0 may overlap.
  const collides = (input.runningOutputs ?? []).some(
    (running) => running.level === outputLevel && rangesOverlap(version, running, range),
  )
  if (collides && outputLevel > 0) return undefined
  const deeperLevels = olderRuns(version, all, outputLevel, range)
  const grandparents =
    outputLevel > 0 && outputLevel + 1 < version.levels.length
      ? version.overlappingFiles(outputLevel + 1, range.smallest, range.largest)
      : []
  const compaction = {
    ...draft,
    inputs,
    range,
    deeperLevels,
    // Into level 0 only the end of everything counts, so that a table with sequence 0 is the oldest.
    bottommost: outputLevel === 0 ? isOldestOfAll(version, all) : deeperLevels.length === 0,
    grandparents,
  }
  return { ...compaction, kind: kindOf(compaction) }
}

/** Sorted runs older than the output that overlap the range. */
function olderRuns(
  version: Version,
  inputs: readonly FileMetadata[],
  outputLevel: number,
  range: KeyRange,
): KeyRange[][] {
  const runs: KeyRange[][] = []
  const add = (files: readonly FileMetadata[]): void => {
    if (files.length > 0) {
      runs.push(
        files.map((file) => ({
          smallest: userKeyOf(file.smallest),
          largest: userKeyOf(file.largest),
        })),
      )
    }
  }
  if (outputLevel === 0) {
    const numbers = new Set(inputs.map((file) => file.number))
    const level0 = version.levels[0]!
    const last = level0.findLastIndex((file) => numbers.has(file.number))
    for (const file of level0.slice(last + 1)) {
      const own = keyRangeOf(version, [file])
      if (rangesOverlap(version, own, range)) add([file])
    }
  }
  for (let level = outputLevel + 1; level < version.levels.length; level++) {
    add(version.overlappingFiles(level, range.smallest, range.largest))
  }
  return runs
}

function isOldestOfAll(version: Version, inputs: readonly FileMetadata[]): boolean {
  const oldest = version.levels[0]!.at(-1)
  return (
    oldest !== undefined &&
    inputs.some((file) => file.number === oldest.number) &&
    version.levels.slice(1).every((files) => files.length === 0)
  )
}
