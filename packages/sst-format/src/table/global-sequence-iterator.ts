import {
  encodeInternalKey,
  sequenceSentinel,
  userKeyOf,
  valueTypeForSeek,
  valueTypeOf,
  type InternalIterator,
  type InternalKeyComparator,
} from '@varve/base'

/**
 * Shows the entries of a table made outside the database with the one sequence number the table was given.
 *
 * Such a table has each user key once, stored with sequence 0: a seek looks for the user key, then judges by the key shown.
 * @internal
 */
export class GlobalSequenceIterator implements InternalIterator {
  readonly #inner: InternalIterator
  readonly #sequence: number
  readonly #comparator: InternalKeyComparator

  constructor(inner: InternalIterator, sequence: number, comparator: InternalKeyComparator) {
    this.#inner = inner
    this.#sequence = sequence
    this.#comparator = comparator
  }

  get valid(): boolean {
    return this.#inner.valid
  }

  get key(): Uint8Array {
    const key = this.#inner.key
    return encodeInternalKey(userKeyOf(key), this.#sequence, valueTypeOf(key))
  }

  get value(): Uint8Array {
    return this.#inner.value
  }

  seekToFirst(): void {
    this.#inner.seekToFirst()
  }

  seekToLast(): void {
    this.#inner.seekToLast()
  }

  seek(target: Uint8Array): void {
    this.#inner.seek(encodeInternalKey(userKeyOf(target), sequenceSentinel, valueTypeForSeek))
    if (this.valid && this.#comparator.compare(this.key, target) < 0) this.next()
  }

  seekForPrev(target: Uint8Array): void {
    this.seek(target)
    if (!this.valid) this.seekToLast()
    else if (this.#comparator.compare(this.key, target) > 0) this.prev()
  }

  next(): void {
    this.#inner.next()
  }

  prev(): void {
    this.#inner.prev()
  }

  rest(): void {
    this.#inner.rest()
  }

  close(): void {
    this.#inner.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
