import type { InternalIterator, InternalKeyComparator } from '@varve/base'

/** An entry under a cursor. */
export interface ArrayEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Entries of an array as an iterator, sorted. */
export class ArrayIterator implements InternalIterator {
  readonly #entries: readonly ArrayEntry[]
  readonly #comparator: InternalKeyComparator
  #position = -1

  constructor(entries: readonly ArrayEntry[], comparator: InternalKeyComparator) {
    this.#entries = [...entries].sort((a, b) => comparator.compare(a.key, b.key))
    this.#comparator = comparator
  }

  get valid(): boolean {
    return this.#position >= 0 && this.#position < this.#entries.length
  }

  get key(): Uint8Array {
    return this.#entries[this.#position]!.key
  }

  get value(): Uint8Array {
    return this.#entries[this.#position]!.value
  }

  seekToFirst(): void {
    this.#position = 0
  }

  seekToLast(): void {
    this.#position = this.#entries.length - 1
  }

  seek(target: Uint8Array): void {
    const at = this.#entries.findIndex(({ key }) => this.#comparator.compare(key, target) >= 0)
    this.#position = at < 0 ? this.#entries.length : at
  }

  seekForPrev(target: Uint8Array): void {
    this.#position = this.#entries.findLastIndex(
      ({ key }) => this.#comparator.compare(key, target) <= 0,
    )
  }

  next(): void {
    this.#position++
  }

  prev(): void {
    this.#position--
  }

  rest(): void {}

  close(): void {}

  [Symbol.dispose](): void {}
}
