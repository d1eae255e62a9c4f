/**
 * A cursor over internal keys in order: what a memtable, a table file and every merge of them offer.
 *
 * A new iterator is not valid until it is positioned. Steps are synchronous; one that leaves the loaded block reads the
 * next by a synchronous positional read. While positioned the iterator holds its source; {@link InternalIterator.close}
 * lets it go and may be called twice.
 */
export interface InternalIterator extends Disposable {
  /** Whether the cursor stands on an entry; `key` and `value` may be read only then. */
  readonly valid: boolean
  /** Internal key under the cursor; a view borrowed until the next move. */
  readonly key: Uint8Array
  /** Value under the cursor; a view borrowed until the next move. */
  readonly value: Uint8Array
  seekToFirst(): void
  seekToLast(): void
  /** Moves to the first entry at or after the internal key `target`. */
  seek(target: Uint8Array): void
  /** Moves to the last entry at or before the internal key `target`. */
  seekForPrev(target: Uint8Array): void
  /** Must be valid. */
  next(): void
  /** Must be valid. */
  prev(): void
  /** Lets go of what the position holds, and stands nowhere: who keeps the iterator for later keeps no blocks with it. */
  rest(): void
  close(): void
}
