import { userKeyOf, type Comparator } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'

/**
 * Decides where an output table ends: at its target size, or where going on would make it overlap too much of the level
 * after. Asked before each new user key, in order: tables are cut only between user keys.
 */
export class OutputCutter {
  readonly #comparator: Comparator
  readonly #grandparents: readonly FileMetadata[]
  readonly #targetFileSizeBytes: number
  readonly #maxCompactionBytes: number
  #position = 0
  #overlappedBytes = 0

  constructor(
    comparator: Comparator,
    grandparents: readonly FileMetadata[],
    targetFileSizeBytes: number,
    maxCompactionBytes: number,
  ) {
    this.#comparator = comparator
    this.#grandparents = grandparents
    this.#targetFileSizeBytes = targetFileSizeBytes
    this.#maxCompactionBytes = maxCompactionBytes
  }

  /** Whether the table of `currentSizeBytes` ends before `userKey`. */
  shouldCutBefore(userKey: Uint8Array, currentSizeBytes: number): boolean {
    let crossed = false
    while (this.#position < this.#grandparents.length) {
      const file = this.#grandparents[this.#position]!
      if (this.#comparator.compare(userKey, userKeyOf(file.largest)) <= 0) break
      if (currentSizeBytes > 0) this.#overlappedBytes += file.fileSizeBytes
      this.#position++
      crossed = true
    }
    if (currentSizeBytes === 0) return false
    const tooWide = crossed && this.#overlappedBytes + currentSizeBytes > this.#maxCompactionBytes
    return tooWide || currentSizeBytes >= this.#targetFileSizeBytes
  }

  /** A table was ended; counting starts anew. */
  restart(): void {
    this.#overlappedBytes = 0
  }
}
