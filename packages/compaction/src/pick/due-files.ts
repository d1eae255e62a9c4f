import { userKeyOf } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'

import type { PickInput } from './compaction.ts'

/** A table with its level. */
export interface LevelFile {
  readonly level: number
  readonly file: FileMetadata
}

function* idleFiles({ version, filesInCompaction }: PickInput): Generator<LevelFile, void, void> {
  for (const entry of version.files()) if (!filesInCompaction.has(entry.file.number)) yield entry
}

/** Tables that someone marked for compaction, but those of the deepest level with tables: they are down already. */
export function* filesMarkedForCompaction(input: PickInput): Generator<LevelFile, void, void> {
  const last = input.version.levels.findLastIndex((files) => files.length > 0)
  for (const entry of idleFiles(input)) {
    const { level, file } = entry
    const isMarked =
      file.markedForCompaction === true || input.markedFiles?.has(file.number) === true
    if (level < last && isMarked) yield entry
  }
}

/** Tables above the last level whose oldest data is older than the time to live: they go down, and what is deleted goes. */
export function* filesBeyondTtl(input: PickInput, ttl: number): Generator<LevelFile, void, void> {
  const { nowS } = input
  if (ttl === 0 || nowS === undefined) return
  const last = input.version.levels.findLastIndex((files) => files.length > 0)
  for (const entry of idleFiles(input)) {
    const writtenS = entry.file.oldestAncestorTimeS ?? 0
    if (entry.level < last && writtenS > 0 && writtenS < nowS - ttl) yield entry
  }
}

/** Tables of any level that were written longer ago than the period: they are rewritten where they are. */
export function* filesBeyondPeriod(
  input: PickInput,
  periodicCompactionSeconds: number,
): Generator<LevelFile, void, void> {
  const { nowS } = input
  if (periodicCompactionSeconds === 0 || nowS === undefined) return
  for (const entry of idleFiles(input)) {
    const createdS = entry.file.fileCreationTimeS ?? 0
    if (createdS > 0 && createdS < nowS - periodicCompactionSeconds) yield entry
  }
}

/**
 * Tables with nothing below them that hold what only released snapshots kept: tombstones, and versions that others hide.
 * Rewritten they hold none, so that the choice comes to an end.
 */
export function* filesFreedBySnapshots(input: PickInput): Generator<LevelFile, void, void> {
  const { version, oldestSnapshot = Number.POSITIVE_INFINITY } = input
  for (const entry of idleFiles(input)) {
    const { level, file } = entry
    if (level === 0 || file.largestSequence === 0 || file.largestSequence >= oldestSnapshot)
      continue
    const deletions = file.deletions ?? input.deletionsOf?.get(file.number) ?? 0
    if (deletions === 0 && file.keptForSnapshots !== true) continue
    const hasBelow = version.levels.some(
      (_, below) =>
        below > level &&
        version.overlappingFiles(below, userKeyOf(file.smallest), userKeyOf(file.largest)).length >
          0,
    )
    if (!hasBelow) yield entry
  }
}
