import { InvalidOptionError } from '@varve/base'

import type { Database } from '../db/database.ts'
import { writeOptionsFile } from '../open/options-content.ts'
import type { ColumnFamily } from './column-family.ts'

/** Forgets a family and what is in it; cursors on it go on. @throws InvalidOptionError for the family `default` */
export async function dropColumnFamily(db: Database, family: ColumnFamily): Promise<void> {
  db.checkWritable()
  if (family.id === 0) throw new InvalidOptionError('columnFamilies', 'the default family stays')
  family.dropped = true
  db.families.delete(family.id)
  try {
    await db.versions.logAndApply({ columnFamily: family.id, dropColumnFamily: true })
  } catch (error) {
    db.fail(error)
    throw error
  } finally {
    family.close()
  }
  db.fileRemoval.schedulePurge()
  db.writeController.release()
  await writeOptionsFile(db)
  db.infoLog.write(`dropped column family "${family.name}"`)
}
