import { ownedCopy, yieldToEventLoop } from '@varve/base'

import type { Database } from '../db/database.ts'
import type { ScanOptions } from '../db/handles.ts'
import { openCursor } from './open-cursor.ts'

/** Entries that are read between two turns of the event loop. */
const sliceEntries = 1000

/** The entries of a range, each owned by the caller; the cursor is opened at the first step. */
export async function* scanRange(
  db: Database,
  options: ScanOptions,
): AsyncGenerator<[Uint8Array, Uint8Array], void, undefined> {
  const { reverse = false, limit = Number.POSITIVE_INFINITY } = options
  if (limit <= 0) return
  using cursor = openCursor(db, db.family(options.cf), options, options.snapshot?.sequence)
  let left = limit
  let slice = sliceEntries
  if (reverse) cursor.seekToLast()
  else cursor.seekToFirst()
  while (cursor.valid) {
    const { key, value } = cursor
    yield [ownedCopy(key, 0, key.length), ownedCopy(value, 0, value.length)]
    if (--left <= 0) return
    if (--slice === 0) {
      slice = sliceEntries
      await yieldToEventLoop()
    }
    if (reverse) cursor.prev()
    else cursor.next()
  }
}
