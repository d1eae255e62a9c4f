import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from '../db/database.ts'
import { writeOptionsFile } from '../open/options-content.ts'
import {
  changeDBOptions,
  changeFamilyOptions,
  type MutableColumnFamilyOptions,
  type MutableDBOptions,
} from './dynamic-options.ts'

/** Changes options of an open family; the new OPTIONS file has them. @throws InvalidOptionError, and nothing is changed */
export async function setFamilyOptions(
  db: Database,
  family: ColumnFamily,
  changes: MutableColumnFamilyOptions,
): Promise<void> {
  db.checkWritable()
  family.changeOptions(changeFamilyOptions(family.options, changes, db.options))
  db.memtableBudget.makeRoom()
  db.writeController.release()
  db.background.schedule()
  await writeOptionsFile(db)
  db.infoLog.write(`changed options of "${family.name}": ${Object.keys(changes).join(', ')}`)
}

/** {@link setFamilyOptions} of the database. */
export async function setDBOptions(db: Database, changes: MutableDBOptions): Promise<void> {
  db.checkWritable()
  db.options = changeDBOptions(db.options, changes)
  db.tables.maxOpenFiles = db.options.maxOpenFiles
  db.memtableBudget.makeRoom()
  db.background.schedule()
  await writeOptionsFile(db)
  db.infoLog.write(`changed options of the database: ${Object.keys(changes).join(', ')}`)
}
