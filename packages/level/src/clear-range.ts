import { WriteBatch, type Cursor, type DB } from '@varve/lsm-core'

import { storeRange, type FormattedRange } from './entry-reader.ts'
import type { LevelSnapshot } from './level-snapshot.ts'

/** Options of clear as abstract-level hands them over. */
export interface PrivateClearOptions extends FormattedRange {
  /** Entries at most; below 0 all. */
  readonly limit: number
  readonly snapshot?: LevelSnapshot
}

/** Entries up to which a range is cleared key by key: a range delete costs the readers that come later more than that. */
const maxSingleDeletes = 1000
/** Deletes of one batch when their number is bounded, or a snapshot says which they are. */
const batchDeletes = 10_000

/**
 * Deletes the entries of a range: at once, unless a limit or a snapshot names the entries; then in batches, and a failure
 * leaves the rest.
 */
export async function clearRange(db: DB, options: PrivateClearOptions): Promise<void> {
  const { limit, snapshot, reverse } = options
  using cursor = db.cursor({ ...storeRange(options), snapshot: snapshot?.snapshot })
  if (reverse === true) cursor.seekToLast()
  else cursor.seekToFirst()
  if (limit < 0 && snapshot === undefined) return await clearAll(db, cursor, reverse === true)
  let left = limit < 0 ? Number.POSITIVE_INFINITY : limit
  while (cursor.valid && left > 0) {
    const batch = new WriteBatch()
    for (let i = 0; i < batchDeletes && left > 0 && cursor.valid; i++, left--) {
      batch.delete(cursor.key)
      if (reverse === true) cursor.prev()
      else cursor.next()
    }
    await db.write(batch)
  }
}

async function clearAll(db: DB, cursor: Cursor, reverse: boolean): Promise<void> {
  if (!cursor.valid) return
  const batch = new WriteBatch()
  if (reverse) cursor.seekToFirst()
  const first = new Uint8Array(cursor.key)
  for (let i = 0; i < maxSingleDeletes && cursor.valid; i++) {
    batch.delete(cursor.key)
    cursor.next()
  }
  if (cursor.valid) {
    cursor.seekToLast()
    // A range delete leaves out its end.
    batch.clear().deleteRange(first, cursor.key).delete(cursor.key)
  }
  await db.write(batch)
}
