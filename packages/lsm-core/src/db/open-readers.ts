/** What must be closed with its database. */
export interface OpenReader {
  close(): void
}

/**
 * The cursors and transactions that are open, in the order of their opening.
 *
 * An array: each addition to a Set whose elements come and go makes it a new table now and then, to which the old one leads. One of these that has
 * grown old keeps all that follow until the whole heap is collected: a loop of a million cursors held some 150 MB of them.
 */
export class OpenReaders implements Iterable<OpenReader> {
  readonly #readers: OpenReader[] = []

  get size(): number {
    return this.#readers.length
  }

  add(reader: OpenReader): void {
    this.#readers.push(reader)
  }

  /** Mostly the one that was opened last. */
  delete(reader: OpenReader): void {
    const at = this.#readers.lastIndexOf(reader)
    if (at >= 0) this.#readers.splice(at, 1)
  }

  [Symbol.iterator](): IterableIterator<OpenReader> {
    return this.#readers[Symbol.iterator]()
  }
}
