import { userKeyOf, type Comparator } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'

/** What an {@link OutputCutter} goes by. */
export interface OutputCutterOptions {
  /** Tables of the level after the output level that overlap the compaction, ascending. */
  readonly grandparents: readonly FileMetadata[]
  readonly targetFileSizeBytes: number
  readonly maxCompactionBytes: number
  /** Also cut where tables of the level after begin and end, at sizes from an eighth to twice the target. */
  readonly alignsWithGrandparents: boolean
}

/**
 * Decides where an output table ends: at its target size, where going on would make it overlap too much of the level after,
 * and where a table of that level ends anyway, so that its own compaction will rewrite less. Asked before each new user key,
 * in order: tables are cut only between user keys.
 *
 * Source: RocksDB, compaction output cutting with dynamic file size.
 */
export class OutputCutter {
  readonly #comparator: Comparator
  readonly #options: OutputCutterOptions
  readonly #maxFileSizeBytes: number
  #position = 0
  /** The last key lay between two grandparents. */
  #isInGap = true
  #hasSeenKey = false
  /** Of the table in work. */
  #overlappedBytes = 0
  #boundaries = 0

  constructor(comparator: Comparator, options: OutputCutterOptions) {
    this.#comparator = comparator
    this.#options = options
    const canAlign = options.alignsWithGrandparents && options.grandparents.length > 0
    this.#maxFileSizeBytes = options.targetFileSizeBytes * (canAlign ? 2 : 1)
  }

  /** Hot. False when {@link shouldCutBefore} would say no whatever the key is, and need not be asked. */
  mayCutAt(currentSizeBytes: number): boolean {
    return this.#options.grandparents.length > 0 || currentSizeBytes >= this.#maxFileSizeBytes
  }

  /** Whether the table of `currentSizeBytes` ends before `userKey`. */
  shouldCutBefore(userKey: Uint8Array, currentSizeBytes: number): boolean {
    const overlappedBefore = this.#overlappedBytes
    const crossed = this.#options.grandparents.length === 0 ? 0 : this.#advance(userKey)
    if (currentSizeBytes === 0) return false
    if (currentSizeBytes >= this.#maxFileSizeBytes) return true
    if (crossed === 0) return false
    const { maxCompactionBytes, targetFileSizeBytes, alignsWithGrandparents } = this.#options
    if (this.#overlappedBytes + currentSizeBytes > maxCompactionBytes) return true
    if (!alignsWithGrandparents) return false
    // A grandparent was skipped as a whole: it need not be rewritten if no output spans it.
    const skips = crossed >= (this.#isInGap ? 2 : 3)
    if (skips && this.#overlappedBytes - overlappedBefore > targetFileSizeBytes / 8) return true
    // At a boundary a table may end early: from half of the target on, later the more boundaries it has passed.
    const percent = 50 + Math.min(this.#boundaries * 5, 40)
    return currentSizeBytes >= (targetFileSizeBytes / 100) * percent
  }

  /** A table was ended before the key last asked for; counting starts anew. */
  restart(): void {
    const current = this.#isInGap ? undefined : this.#options.grandparents[this.#position]
    this.#overlappedBytes = current?.fileSizeBytes ?? 0
    this.#boundaries = 0
  }

  /** Moves on to `userKey`; returns how many beginnings and ends of grandparents it passed. */
  #advance(userKey: Uint8Array): number {
    const { grandparents } = this.#options
    let crossed = 0
    while (this.#position < grandparents.length) {
      const file = grandparents[this.#position]!
      if (this.#isInGap) {
        if (this.#comparator.compare(userKey, userKeyOf(file.smallest)) < 0) break
        this.#overlappedBytes += file.fileSizeBytes
        this.#isInGap = false
      } else {
        if (this.#comparator.compare(userKey, userKeyOf(file.largest)) <= 0) break
        this.#isInGap = true
        this.#position++
        // Passed before the first key: nothing of it is overlapped.
        if (!this.#hasSeenKey) this.#overlappedBytes = 0
      }
      if (this.#hasSeenKey) crossed++
    }
    this.#hasSeenKey = true
    this.#boundaries += crossed
    return crossed
  }
}
