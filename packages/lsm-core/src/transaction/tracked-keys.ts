import { assert, byteText } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'

/** A key that a transaction has written or read for update. */
export interface TrackedKey {
  readonly family: ColumnFamily
  readonly key: Uint8Array
  /** State that the transaction has seen of it: what is newer conflicts. */
  readonly sequence: number
  /** Locked for this transaction alone. */
  exclusive: boolean
  reads: number
  writes: number
}

/** What was done to a key since a save point. */
interface KeyChanges {
  reads: number
  writes: number
}

/**
 * The keys of a transaction, with how often each was read for update and written, so that a rollback to a save point knows
 * which of them nobody asks for any more.
 */
export class TrackedKeys {
  readonly #keys = new Map<string, TrackedKey>()
  readonly #savePoints: Map<string, KeyChanges>[] = []

  get size(): number {
    return this.#keys.size
  }

  values(): Iterable<TrackedKey> {
    return this.#keys.values()
  }

  find(family: ColumnFamily, key: Uint8Array): TrackedKey | undefined {
    return this.#keys.get(idOf(family, key))
  }

  /** Counts one use of a key; `sequence` is kept from the first. */
  add(
    family: ColumnFamily,
    key: Uint8Array,
    sequence: number,
    kind: 'read' | 'write',
    exclusive: boolean = true,
  ): void {
    const id = idOf(family, key)
    let tracked = this.#keys.get(id)
    if (tracked === undefined) {
      const owned = new Uint8Array(key)
      tracked = { family, key: owned, sequence, exclusive, reads: 0, writes: 0 }
      this.#keys.set(id, tracked)
    }
    tracked.exclusive ||= exclusive
    count(tracked, kind)
    const savePoint = this.#savePoints.at(-1)
    if (savePoint === undefined) return
    let changes = savePoint.get(id)
    if (changes === undefined) savePoint.set(id, (changes = { reads: 0, writes: 0 }))
    count(changes, kind)
  }

  /**
   * Takes one read for update back, if it was made since the last save point. The result is the key when nothing else asks
   * for it, which is then forgotten.
   */
  undoRead(family: ColumnFamily, key: Uint8Array): TrackedKey | undefined {
    const id = idOf(family, key)
    const tracked = this.#keys.get(id)
    if (tracked === undefined || tracked.reads === 0) return undefined
    const savePoint = this.#savePoints.at(-1)
    if (savePoint !== undefined) {
      const changes = savePoint.get(id)
      if (changes === undefined || changes.reads === 0) return undefined
      changes.reads--
    }
    tracked.reads--
    if (tracked.reads > 0 || tracked.writes > 0) return undefined
    this.#keys.delete(id)
    return tracked
  }

  setSavePoint(): void {
    this.#savePoints.push(new Map())
  }

  /** Keeps what was done since the last save point, and forgets the point. */
  popSavePoint(): void {
    const changes = this.#savePoints.pop()
    assert(changes !== undefined, 'a save point was set')
    const below = this.#savePoints.at(-1)
    if (below === undefined) return
    for (const [id, { reads, writes }] of changes) {
      const known = below.get(id)
      below.set(id, {
        reads: reads + (known?.reads ?? 0),
        writes: writes + (known?.writes ?? 0),
      })
    }
  }

  /** Forgets what was done since the last save point, and the point; returns the keys that nobody asks for any more. */
  rollbackToSavePoint(): TrackedKey[] {
    const changes = this.#savePoints.pop()
    assert(changes !== undefined, 'a save point was set')
    const gone: TrackedKey[] = []
    for (const [id, { reads, writes }] of changes) {
      const tracked = this.#keys.get(id)
      if (tracked === undefined) continue
      tracked.reads -= reads
      tracked.writes -= writes
      if (tracked.reads > 0 || tracked.writes > 0) continue
      this.#keys.delete(id)
      gone.push(tracked)
    }
    return gone
  }

  clear(): void {
    this.#keys.clear()
    this.#savePoints.length = 0
  }
}

function idOf(family: ColumnFamily, key: Uint8Array): string {
  return `${family.id}:${byteText(key)}`
}

function count(changes: KeyChanges, kind: 'read' | 'write'): void {
  if (kind === 'read') changes.reads++
  else changes.writes++
}
