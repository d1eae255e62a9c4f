import { join } from 'node:path'

import { UnsupportedError } from '@varve/base'
import { parseFileName } from '@varve/manifest'
import { isNotFound } from '@varve/vfs'

import type { Database } from '../db/database.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import { loadState, type LoadedState } from './load-state.ts'

/** How far each database has been read. */
const lastSeen = new WeakMap<Database, string | undefined>()

/** Remembers {@link placesOf} a database from before it was loaded. */
export function noteSeen(db: Database, places: string | undefined): void {
  lastSeen.set(db, places)
}

/** Two writes may bear the same time when they are no further apart. */
const timeGranularityMs = 1000

/**
 * Where MANIFEST and logs end: while that stays the same, there is nothing new. Undefined when that cannot be told: a log that is
 * written within a length it already has shows by its time alone, and the last write was just now.
 */
export async function placesOf(
  directory: string,
  walDirectory: string,
  { fileSystem: fs, clock }: ResolvedDBOptions,
): Promise<string | undefined> {
  let isRecent = false
  const places: string[] = []
  for (const one of new Set([directory, walDirectory])) {
    for (const name of (await fs.exists(one)) ? await fs.list(one) : []) {
      const type = parseFileName(name)?.type
      if (type !== 'manifest' && type !== 'log' && type !== 'current') continue
      try {
        const { sizeBytes, modifiedMs } = await fs.stat(join(one, name))
        if (type === 'log' && modifiedMs > clock.now() - timeGranularityMs) isRecent = true
        places.push(`${one} ${name} ${sizeBytes} ${modifiedMs}`)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  }
  return isRecent ? undefined : places.join('\n')
}

/**
 * Brings a database that is open for reading to what is on disk now, and opens its tables. Does nothing while MANIFEST and logs have
 * not changed.
 *
 * @throws UnsupportedError when the database is open for writing
 */
export async function catchUp(db: Database): Promise<void> {
  db.checkOpen()
  if (!db.readOnly)
    throw new UnsupportedError('catching up with a database that is open for writing')
  const seen = await placesOf(db.directory, db.walDirectory, db.options)
  if (seen !== undefined && lastSeen.get(db) === seen) return
  const state = await loadState(db.directory, db.options, db.tables, true)
  if (db.closed) {
    closeFamilies(state)
    db.checkOpen()
  }
  adopt(db, state)
  noteSeen(db, seen)
  db.infoLog.write(`caught up to sequence ${state.versions.lastSequence}`)
}

/** Takes the newer state; cursors go on with theirs. An older one is let go. */
function adopt(db: Database, state: LoadedState): void {
  const { versions, families } = state
  if (versions.lastSequence < db.versions.lastSequence) {
    closeFamilies(state)
    return
  }
  db.versions = versions
  for (const [id, family] of db.families) {
    const next = families.get(id)
    if (next !== undefined) {
      family.adopt(next)
      continue
    }
    family.dropped = true
    db.families.delete(id)
    family.close()
  }
  for (const [id, family] of families) if (!db.families.has(id)) db.families.set(id, family)
  // A cursor on the old state may come back to its tables.
  if (db.readers.size > 0) return
  for (const number of db.tables.numbers()) if (!versions.isLive(number)) db.tables.evict(number)
}

function closeFamilies({ families }: LoadedState): void {
  for (const family of families.values()) family.close()
}
