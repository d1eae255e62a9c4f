import type { Comparator } from '@varve/base'

import type { KeyRange } from './job-description.ts'

/** Answers for ascending user keys whether a level below the output may hold them: one cursor per level, moving forward. */
export class DeeperLevels {
  readonly #levels: readonly (readonly KeyRange[])[]
  readonly #comparator: Comparator
  readonly #positions: number[]

  constructor(levels: readonly (readonly KeyRange[])[], comparator: Comparator) {
    this.#levels = levels
    this.#comparator = comparator
    this.#positions = levels.map(() => 0)
  }

  /** Keys must not descend from call to call. */
  mayHold(userKey: Uint8Array): boolean {
    for (let i = 0; i < this.#levels.length; i++) {
      const ranges = this.#levels[i]!
      let at = this.#positions[i]!
      while (at < ranges.length && this.#comparator.compare(ranges[at]!.largest, userKey) < 0) at++
      this.#positions[i] = at
      const range = ranges[at]
      if (range !== undefined && this.#comparator.compare(range.smallest, userKey) <= 0) return true
    }
    return false
  }
}
