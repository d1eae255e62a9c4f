import type { Memtable } from '@varve/memtable'
import type { Version } from '@varve/manifest'

/** What a closed cursor has left for the next one. */
export interface IdleSource {
  /** Ends it; does not throw. */
  discard(): void
}

/**
 * All that a read of one family needs, of one moment: the memtable that takes writes, the sealed ones, newest first, and
 * the tables.
 *
 * Reference-counted: the family holds one reference while it is the current one; a cursor holds one for as long as it
 * lives. A synchronous read takes none, because nothing can change under it. The last {@link unref} lets the memtables go,
 * and the version, whose tables may then be deleted.
 */
export class SuperVersion {
  readonly active: Memtable
  readonly immutables: readonly Memtable[]
  readonly version: Version
  /** Ended with the superversion. */
  readonly idleSources: IdleSource[] = []
  readonly #onRelease: () => void
  #references = 1

  constructor(
    active: Memtable,
    immutables: readonly Memtable[],
    version: Version,
    onRelease: () => void,
  ) {
    this.active = active
    this.immutables = immutables
    this.version = version
    this.#onRelease = onRelease
    active.ref()
    for (const memtable of immutables) memtable.ref()
  }

  ref(): this {
    this.#references++
    return this
  }

  unref(): void {
    if (--this.#references > 0) return
    for (const source of this.idleSources.splice(0)) source.discard()
    this.active.unref()
    for (const memtable of this.immutables) memtable.unref()
    this.#onRelease()
  }
}
