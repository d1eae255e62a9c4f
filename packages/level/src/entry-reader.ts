import type { Cursor, DB, Snapshot } from '@varve/lsm-core'

import { toBytes, type Formatted } from './format.ts'
import { LevelError, toLevelError, withLevelErrors } from './level-error.ts'

/** Range of keys as abstract-level hands it over. */
export interface FormattedRange {
  readonly gt?: Formatted
  readonly gte?: Formatted
  readonly lt?: Formatted
  readonly lte?: Formatted
  readonly reverse?: boolean
}

/** {@link FormattedRange} as the store takes it. `gte` and `lte` go before `gt` and `lt`, as Level says. */
export function storeRange({ gt, gte, lt, lte }: FormattedRange): {
  gt?: Uint8Array
  gte?: Uint8Array
  lt?: Uint8Array
  lte?: Uint8Array
} {
  return {
    ...(gte !== undefined ? { gte: toBytes(gte) } : gt !== undefined ? { gt: toBytes(gt) } : {}),
    ...(lte !== undefined ? { lte: toBytes(lte) } : lt !== undefined ? { lt: toBytes(lt) } : {}),
  }
}

/** Entries taken at once before the event loop gets a turn. */
const sliceEntries = 1000

/** Walks a range of the store for an iterator of Level: state of the moment it was made, first step on demand. */
export class EntryReader {
  readonly #range: ReturnType<typeof storeRange>
  readonly #reverse: boolean
  readonly #signal: AbortSignal | undefined
  #cursor: Cursor | undefined
  /** Why there is no cursor: told at the first step, because making an iterator does not fail in Level. */
  #failure: unknown
  /** Where the cursor stands: before the range, on an entry to be given, on one that was given. */
  #position: 'before' | 'sought' | 'taken' = 'before'
  #ended = false
  #sinceTurn = 0

  /** `signal` ends it with LEVEL_ABORTED. */
  constructor(
    db: DB,
    range: FormattedRange,
    snapshot: Snapshot | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#signal = signal
    this.#range = storeRange(range)
    this.#reverse = range.reverse === true
    try {
      this.#cursor = db.cursor({ ...this.#range, snapshot })
    } catch (error) {
      this.#failure = toLevelError(error)
    }
  }

  /** Moves to the next entry; undefined at the end. Key and value of the cursor are borrowed until the next call. */
  step(): Cursor | undefined {
    if (this.#failure !== undefined) throw this.#failure
    const cursor = this.#cursor
    if (cursor === undefined || this.#ended) return undefined
    return withLevelErrors(() => {
      if (this.#position === 'before') {
        if (this.#reverse) cursor.seekToLast()
        else cursor.seekToFirst()
      } else if (this.#position === 'taken') {
        if (this.#reverse) cursor.prev()
        else cursor.next()
      }
      this.#position = 'taken'
      this.#ended = !cursor.valid
      return cursor.valid ? cursor : undefined
    })
  }

  /** Up to `size` entries as `pick` takes them; lets the event loop turn now and then. */
  async take<T>(size: number, pick: (cursor: Cursor) => T): Promise<T[]> {
    if (this.#sinceTurn >= sliceEntries) {
      this.#sinceTurn = 0
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    if (this.#signal !== undefined) {
      await Promise.resolve() // an abort right behind the call still counts
      if (this.#signal.aborted) throw abortError()
    }
    const items: T[] = []
    while (items.length < size) {
      const cursor = this.step()
      if (cursor === undefined) break
      items.push(pick(cursor))
    }
    this.#sinceTurn += items.length
    return items
  }

  /** The next step gives the entry nearest to `target` in the direction of the walk; a target outside the range ends it. */
  seek(target: Formatted): void {
    const cursor = this.#cursor
    if (cursor === undefined) return
    const key = toBytes(target)
    this.#position = 'sought'
    this.#ended = !this.#contains(key)
    if (this.#ended) return
    withLevelErrors(() => {
      if (this.#reverse) cursor.seekForPrev(key)
      else cursor.seek(key)
    })
  }

  #contains(key: Uint8Array): boolean {
    const { gt, gte, lt, lte } = this.#range
    return !(
      (gt !== undefined && Buffer.compare(key, gt) <= 0) ||
      (gte !== undefined && Buffer.compare(key, gte) < 0) ||
      (lt !== undefined && Buffer.compare(key, lt) >= 0) ||
      (lte !== undefined && Buffer.compare(key, lte) > 0)
    )
  }

  close(): void {
    this.#cursor?.close()
    this.#cursor = undefined
    this.#ended = true
  }
}

function abortError(): LevelError {
  const error = new LevelError('LEVEL_ABORTED', 'Operation has been aborted')
  error.name = 'AbortError'
  return error
}
