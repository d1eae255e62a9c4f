import { type InternalIterator, type InternalKeyComparator } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'

/**
 * Concatenates the tables of a sorted level (1 and deeper), each opened when the cursor enters it.
 */
export class LevelIterator implements InternalIterator {
  readonly #files: readonly FileMetadata[]
  readonly #comparator: InternalKeyComparator
  readonly #open: (file: FileMetadata) => InternalIterator
  #position = -1
  #inner: InternalIterator | undefined
  /** Of the tables that were entered, by position; undefined when one is open at a time. */
  readonly #kept: (InternalIterator | undefined)[] | undefined

  /**
   * `files` ascend and are disjoint; `open` gives an iterator over one of them, which is closed here: when another one is entered, or,
   * with `keepsOpen`, at the end, so that who seeks here and there opens each table once.
   */
  constructor(
    files: readonly FileMetadata[],
    comparator: InternalKeyComparator,
    open: (file: FileMetadata) => InternalIterator,
    keepsOpen: boolean = false,
  ) {
    this.#files = files
    this.#comparator = comparator
    this.#open = open
    this.#kept = keepsOpen
      ? new Array<InternalIterator | undefined>(files.length).fill(undefined)
      : undefined
  }

  get valid(): boolean {
    return this.#inner?.valid ?? false
  }

  get key(): Uint8Array {
    return this.#inner!.key
  }

  get value(): Uint8Array {
    return this.#inner!.value
  }

  seekToFirst(): void {
    if (!this.#enter(0)) return
    this.#inner!.seekToFirst()
    this.#skipForward()
  }

  seekToLast(): void {
    if (!this.#enter(this.#files.length - 1)) return
    this.#inner!.seekToLast()
    this.#skipBackward()
  }

  seek(target: Uint8Array): void {
    if (!this.#enter(this.#firstNotBelow(target))) return
    this.#inner!.seek(target)
    this.#skipForward()
  }

  seekForPrev(target: Uint8Array): void {
    const i = this.#firstNotBelow(target)
    if (!this.#enter(Math.min(i, this.#files.length - 1))) return
    this.#inner!.seekForPrev(target)
    this.#skipBackward()
  }

  next(): void {
    this.#inner!.next()
    this.#skipForward()
  }

  prev(): void {
    this.#inner!.prev()
    this.#skipBackward()
  }

  rest(): void {
    this.#inner?.rest()
  }

  close(): void {
    this.#inner?.close()
    this.#leave()
    if (this.#kept === undefined) return
    for (const inner of this.#kept) inner?.close()
    this.#kept.fill(undefined)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** First table whose largest key is at or after the target. */
  #firstNotBelow(target: Uint8Array): number {
    let low = 0
    let high = this.#files.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#comparator.compare(this.#files[middle]!.largest, target) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #enter(position: number): boolean {
    if (position === this.#position && this.#inner !== undefined) return true
    const kept = this.#kept
    if (kept === undefined) this.#inner?.close()
    else this.#inner?.rest()
    this.#leave()
    const file = this.#files[position]
    if (file === undefined) return false
    this.#inner = kept?.[position] ?? this.#open(file)
    this.#position = position
    if (kept !== undefined) kept[position] = this.#inner
    return true
  }

  #leave(): void {
    this.#inner = undefined
    this.#position = -1
  }

  #skipForward(): void {
    while (!this.#inner!.valid) {
      if (!this.#enter(this.#position + 1)) return
      this.#inner!.seekToFirst()
    }
  }

  #skipBackward(): void {
    while (!this.#inner!.valid) {
      if (!this.#enter(this.#position - 1)) return
      this.#inner!.seekToLast()
    }
  }
}
