import { CorruptionError, type Comparator } from '@varve/base'

import type { FileMetadata } from './file-metadata.ts'
import { sortLevels, type Version } from './version.ts'
import type { VersionEdit } from './version-edit.ts'

/**
 * The levels that come of `base` by `edits` of one family, sorted and checked. Pure.
 *
 * @throws CorruptionError when an edit removes a table that is not there, adds one twice, or makes a level overlap
 */
export function applyEdits(
  base: Version,
  comparator: Comparator,
  edits: readonly VersionEdit[],
): FileMetadata[][] {
  const levels = base.levels.map((files) => new Map(files.map((file) => [file.number, file])))
  for (const edit of edits) {
    for (const { level, number } of edit.deletedFiles ?? []) {
      if (levels[level]?.delete(number) !== true) {
        throw new CorruptionError(`table ${number} is not in level ${level}`)
      }
    }
    for (const { level, file } of edit.newFiles ?? []) {
      const files = levels[level]
      if (files === undefined) {
        throw new CorruptionError(`level ${level} is beyond the ${levels.length} levels`)
      }
      if (files.has(file.number)) {
        throw new CorruptionError(`table ${file.number} is already in level ${level}`)
      }
      files.set(file.number, file)
    }
  }
  return sortLevels(
    comparator,
    levels.map((files) => [...files.values()]),
  )
}
