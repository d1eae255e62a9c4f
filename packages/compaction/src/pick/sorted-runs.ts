import type { FileMetadata } from '@varve/manifest'

import type { CompactionInputLevel } from '../job/job-description.ts'
import type { PickInput } from './compaction.ts'
import { compensatedSizeBytes, totalSizeBytes } from './file-size.ts'

/** A table of level 0, or a whole deeper level: what universal compaction merges. */
export interface SortedRun {
  readonly level: number
  readonly files: readonly FileMetadata[]
  readonly sizeBytes: number
  readonly compensatedSizeBytes: number
  /** A running compaction reads it. */
  readonly inCompaction: boolean
}

/** The sorted runs of a version, newest first. */
export function sortedRuns({ version, filesInCompaction }: PickInput): SortedRun[] {
  const runOf = (level: number, files: readonly FileMetadata[]): SortedRun => ({
    level,
    files,
    sizeBytes: totalSizeBytes(files),
    compensatedSizeBytes: files.reduce((sum, file) => sum + compensatedSizeBytes(file), 0),
    inCompaction: files.some((file) => filesInCompaction.has(file.number)),
  })
  const runs = version.levels[0]!.map((file) => runOf(0, [file]))
  for (let level = 1; level < version.levels.length; level++) {
    const files = version.levels[level]!
    if (files.length > 0) runs.push(runOf(level, files))
  }
  return runs
}

/** Consecutive runs as inputs of a compaction. */
export function inputsOf(runs: readonly SortedRun[]): CompactionInputLevel[] {
  const level0 = runs.filter(({ level }) => level === 0).flatMap(({ files }) => files)
  const deeper = runs.filter(({ level }) => level > 0).map(({ level, files }) => ({ level, files }))
  return level0.length > 0 ? [{ level: 0, files: level0 }, ...deeper] : deeper
}
