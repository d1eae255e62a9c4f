import { Overlay, type PendingWrite } from './overlay.ts'
import { byteString } from './sorted-byte-map.ts'
import type { ByteRange, FamilyWrites, RowWrite, TaskDatabase } from './task-database.ts'

const metaFamily = 'default'

/** Sorted rows of one family: the overlay of the open transaction over what is committed. */
export class ByteStore {
  readonly family: string
  readonly #db: TaskDatabase
  readonly #overlay = new Overlay()
  #overlayBytes = 0

  constructor(db: TaskDatabase, family: string) {
    this.#db = db
    this.family = family
  }

  /** Estimated heap bytes of the uncommitted writes. */
  get overlayBytes(): number {
    return this.#overlayBytes
  }

  /** `hash` is that of the key, where the caller knows it. */
  get(key: Uint8Array, hash?: number): Uint8Array | undefined {
    const pending = this.#overlay.size === 0 ? undefined : this.#overlay.get(key, hash)
    if (pending !== undefined) return pending.value ?? undefined
    return this.#db.get(this.family, key)
  }

  /** Key and value are kept; the caller must not write to them again. */
  put(key: Uint8Array, value: Uint8Array | null, timestamp: number, hash?: number): void {
    this.#overlay.set(key, value, timestamp, hash)
    this.#overlayBytes += key.length + (value?.length ?? 0) + 160
  }

  /** Rows in byte order, uncommitted writes included. */
  *scan(range: ByteRange): Generator<readonly [Uint8Array, Uint8Array]> {
    if (this.#overlay.size === 0) {
      yield* this.#db.scan(this.family, range)
      return
    }
    const reverse = range.reverse === true
    const committed = this.#db.scan(this.family, range)
    const pending = this.#overlay.range(
      range.gte && byteString(range.gte),
      range.lt && byteString(range.lt),
      reverse,
    )
    try {
      let below = committed.next()
      let belowId = below.done === true ? '' : byteString(below.value[0])
      let above = pending.next()
      while (below.done !== true || above.done !== true) {
        if (
          above.done === true ||
          (below.done !== true && (reverse ? belowId > above.value.id : belowId < above.value.id))
        ) {
          if (below.done === true) return
          yield below.value
        } else {
          const entry = above.value
          const hidden = below.done !== true && belowId === entry.id
          const { key, value } = entry.value
          if (value !== null) yield [key, value]
          above = pending.next()
          if (!hidden) continue
        }
        below = committed.next()
        belowId = below.done === true ? '' : byteString(below.value[0])
      }
    } finally {
      committed.return?.()
    }
  }

  /** The uncommitted writes, one per key, in order of first write. */
  pending(): readonly PendingWrite[] {
    return this.#overlay.writes
  }

  /** Committed rows only: what a reader outside of the task sees. */
  committed(range: ByteRange): IterableIterator<readonly [Uint8Array, Uint8Array]> {
    return this.#db.scan(this.family, range)
  }

  getCommitted(key: Uint8Array): Uint8Array | undefined {
    return this.#db.get(this.family, key)
  }

  /** Forgets the uncommitted writes. */
  discard(): void {
    this.#overlay.clear()
    this.#overlayBytes = 0
  }
}

/**
 * All state of one task: the stores' families and small numbers about them, committed in one write.
 *
 * Numbers live in the default family: input offsets (`i/…`), changelog positions (`c/…`), times (`t/…`).
 */
export class TaskState {
  readonly db: TaskDatabase
  readonly #stores = new Map<string, ByteStore>()
  readonly #numbers = new Map<string, { value: number; committed: number | undefined }>()

  constructor(db: TaskDatabase) {
    this.db = db
  }

  store(family: string): ByteStore {
    let store = this.#stores.get(family)
    if (store === undefined) this.#stores.set(family, (store = new ByteStore(this.db, family)))
    return store
  }

  get overlayBytes(): number {
    let bytes = 0
    for (const store of this.#stores.values()) bytes += store.overlayBytes
    return bytes
  }

  /** A number committed with the state; `fallback` until it was committed once. */
  number(name: string, fallback: number): { value: number } {
    let cell = this.#numbers.get(name)
    if (cell === undefined) {
      const stored = this.committedNumber(name)
      this.#numbers.set(name, (cell = { value: stored ?? fallback, committed: stored }))
    }
    return cell
  }

  committedNumber(name: string): number | undefined {
    const bytes = this.db.get(metaFamily, Buffer.from(name))
    return bytes === undefined ? undefined : Number(Buffer.from(bytes).toString())
  }

  /** Names (without the prefix) and values of the numbers with it, uncommitted ones included. */
  currentNumbers(prefix: string): Map<string, number> {
    const found = this.committedNumbers(prefix)
    for (const [name, cell] of this.#numbers) {
      if (name.startsWith(prefix)) found.set(name.slice(prefix.length), cell.value)
    }
    return found
  }

  /** Names and values of committed numbers with the prefix. */
  committedNumbers(prefix: string): Map<string, number> {
    const found = new Map<string, number>()
    const range = { gte: Buffer.from(prefix), lt: Buffer.from(prefix + '\u{10ffff}') }
    for (const [key, value] of this.db.scan(metaFamily, range)) {
      found.set(
        Buffer.from(key).toString().slice(prefix.length),
        Number(Buffer.from(value).toString()),
      )
    }
    return found
  }

  /** Writes overlays and changed numbers, with `numbers` on top, atomically; then the overlays are empty. */
  commit(numbers: ReadonlyMap<string, number> = new Map()): void {
    for (const [name, value] of numbers) this.number(name, value).value = value
    const writes: FamilyWrites[] = []
    for (const store of this.#stores.values()) {
      const rows = store.pending()
      if (rows.length > 0) writes.push({ family: store.family, rows })
    }
    const changed: RowWrite[] = []
    for (const [name, cell] of this.#numbers) {
      if (cell.value === cell.committed) continue
      changed.push({
        key: new Uint8Array(Buffer.from(name)),
        value: new Uint8Array(Buffer.from(String(cell.value))),
      })
    }
    if (changed.length > 0) writes.push({ family: metaFamily, rows: changed })
    if (writes.length === 0) return
    this.db.write(writes)
    for (const cell of this.#numbers.values()) cell.committed = cell.value
    for (const store of this.#stores.values()) store.discard()
  }

  /** Forgets all that is not committed. */
  discard(): void {
    for (const store of this.#stores.values()) store.discard()
    this.#numbers.clear()
  }
}
