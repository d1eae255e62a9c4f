import { WriteBatch } from '@varve/wal'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from '../db/database.ts'
import type { ColumnFamilyHandle } from '../db/handles.ts'

/** How {@link DB.flush} goes. */
export interface FlushOptions {
  /** Default: all families. */
  readonly cf?: ColumnFamilyHandle | undefined
  /** Resolve when the tables are there; else when the memtables are sealed. Default true. */
  readonly wait?: boolean
  /** Seal the memtables even if writes are held back because of it; else wait until there are fewer. Default false. */
  readonly allowWriteStall?: boolean
}

/** Seals the memtables of one family or of all, behind the writes that wait, and has them flushed. */
export async function flushOnRequest(db: Database, options: FlushOptions): Promise<void> {
  db.checkOpen()
  // Behind the writes that wait.
  await db.pipeline.write(new WriteBatch(), false, false)
  const families = options.cf === undefined ? [...db.families.values()] : [db.family(options.cf)]
  if (options.allowWriteStall !== true) await waitForRoom(db, families)
  for (const family of families) db.switchMemtable(family)
  if (options.wait === false) return
  await db.background.waitForFlush(db.options.atomicFlush ? [...db.families.values()] : families)
}

/** Waits until one more sealed memtable of each family would not hold writes back. */
async function waitForRoom(db: Database, families: readonly ColumnFamily[]): Promise<void> {
  for (;;) {
    db.checkOpen()
    const full = families.filter(
      ({ active, immutables, options, dropped }) =>
        !dropped && !active.memtable.empty && immutables.length + 2 > options.maxWriteBufferNumber,
    )
    if (full.length === 0) return
    await db.background.waitForFlush(full)
  }
}
