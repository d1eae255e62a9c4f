import { join } from 'node:path'

import { maxSequence } from '@varve/base'
import { tableFileName } from '@varve/manifest'
import { TableReader } from '@varve/sst-format'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from '../db/database.ts'

/** Reads the tables of a family's present version from disk, past every cache. @throws CorruptionError at the first damage */
export async function verifyTables(db: Database, family: ColumnFamily): Promise<void> {
  const superVersion = family.superVersion.ref()
  try {
    for (const { file } of superVersion.version.files()) {
      const path = join(db.directory, tableFileName(file.number))
      await using reader = await TableReader.open(db.fileSystem, path, {
        comparator: family.comparator.user,
        // The greatest safe number stands for unknown, in entries of old manifests.
        ...(file.largestSequence === maxSequence ? {} : { largestSequence: file.largestSequence }),
      })
      await reader.verify()
      db.checkOpen()
    }
  } finally {
    superVersion.unref()
    db.fileRemoval.schedulePurge()
  }
}
