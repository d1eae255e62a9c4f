import { CorruptionError, InternalKeyComparator, userKeyOf, type Comparator } from '@varve/base'

import type { FileMetadata } from './file-metadata.ts'

/**
 * The tables of one column family at one moment, level by level. Immutable; readers share it by reference counting, and
 * its files stay on disk until the last reader lets go.
 *
 * Level 0: newest first, tables may overlap. Level 1 and deeper: ascending and disjoint by internal key.
 */
export class Version {
  readonly comparator: InternalKeyComparator
  readonly levels: readonly (readonly FileMetadata[])[]
  #references = 0
  readonly #onUnused: ((version: Version) => void) | undefined

  constructor(
    comparator: Comparator,
    levels: readonly (readonly FileMetadata[])[],
    onUnused?: (version: Version) => void,
  ) {
    this.comparator = new InternalKeyComparator(comparator)
    this.levels = levels
    this.#onUnused = onUnused
  }

  /** Keeps the files of this version on disk until {@link Version.unref}. */
  ref(): this {
    this.#references++
    return this
  }

  /** Gives back one {@link Version.ref}. */
  unref(): void {
    if (--this.#references === 0) this.#onUnused?.(this)
  }

  /** Every table with its level, top down. */
  *files(): Generator<{ readonly level: number; readonly file: FileMetadata }, void, void> {
    for (let level = 0; level < this.levels.length; level++) {
      for (const file of this.levels[level]!) yield { level, file }
    }
  }

  /** Sum of the sizes of a level's tables. */
  levelSizeBytes(level: number): number {
    let size = 0
    for (const file of this.levels[level] ?? []) size += file.fileSizeBytes
    return size
  }

  /**
   * Hot. Index of the first table of a sorted level whose largest key is at or after the internal key `target`; the number
   * of tables when there is none.
   */
  findFile(level: number, target: Uint8Array): number {
    const files = this.levels[level]!
    let low = 0
    let high = files.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.comparator.compare(files[middle]!.largest, target) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /**
   * Tables of a level that may hold user keys from `smallest` to `largest`, both inclusive; `undefined` is unbounded.
   * In level 0 the range grows by each table found, until nothing more overlaps.
   */
  overlappingFiles(
    level: number,
    smallest: Uint8Array | undefined,
    largest: Uint8Array | undefined,
  ): FileMetadata[] {
    const files = this.levels[level] ?? []
    const user = this.comparator.user
    let from = smallest
    let to = largest
    let found: FileMetadata[] = []
    for (;;) {
      found = files.filter(
        (file) =>
          (to === undefined || user.compare(userKeyOf(file.smallest), to) <= 0) &&
          (from === undefined || user.compare(userKeyOf(file.largest), from) >= 0),
      )
      if (level > 0) return found
      let grown = false
      for (const file of found) {
        const start = userKeyOf(file.smallest)
        const end = userKeyOf(file.largest)
        if (from !== undefined && user.compare(start, from) < 0) {
          from = start
          grown = true
        }
        if (to !== undefined && user.compare(end, to) > 0) {
          to = end
          grown = true
        }
      }
      if (!grown) return found
    }
  }
}

/** Order of level 0 by sequence numbers: newest first. */
function compareBySequence(a: FileMetadata, b: FileMetadata): number {
  return (
    b.largestSequence - a.largestSequence ||
    b.smallestSequence - a.smallestSequence ||
    b.number - a.number
  )
}

/** Sorts level 0 newest first: by epoch numbers where every table has one, else by sequence numbers. */
function sortLevel0(files: readonly FileMetadata[]): FileMetadata[] {
  const hasEpochs = files.every(({ epochNumber }) => epochNumber !== undefined)
  if (!hasEpochs) return [...files].sort(compareBySequence)
  return [...files].sort((a, b) => b.epochNumber! - a.epochNumber! || compareBySequence(a, b))
}

/**
 * Sorts tables into the order a {@link Version} has and checks that sorted levels do not overlap.
 *
 * @throws CorruptionError naming the two tables that do
 */
export function sortLevels(
  comparator: Comparator,
  levels: readonly (readonly FileMetadata[])[],
  file?: string,
): FileMetadata[][] {
  const order = new InternalKeyComparator(comparator)
  return levels.map((files, level) => {
    if (level === 0) return sortLevel0(files)
    const sorted = [...files].sort((a, b) => order.compare(a.smallest, b.smallest))
    for (let i = 1; i < sorted.length; i++) {
      const before = sorted[i - 1]!
      const after = sorted[i]!
      if (order.compare(before.largest, after.smallest) >= 0) {
        throw new CorruptionError(
          `tables ${before.number} and ${after.number} of level ${level} overlap`,
          file === undefined ? {} : { file },
        )
      }
    }
    return sorted
  })
}
