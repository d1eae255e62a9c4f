import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from '../db/database.ts'

/** Reads the tables of a family's present version from disk, past every cache. @throws CorruptionError at the first damage */
export async function verifyTables(db: Database, family: ColumnFamily): Promise<void> {
  const superVersion = family.superVersion.ref()
  try {
    for (const { file } of superVersion.version.files()) {
      await using reader = db.tables.openPastCache(file, family.comparator.user)
      await reader.verify()
      db.checkOpen()
    }
  } finally {
    superVersion.unref()
    db.fileRemoval.schedulePurge()
  }
}
