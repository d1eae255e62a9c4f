import { AlreadyExistsError, InvalidOptionError } from '@varve/base'

import type { Database } from '../db/database.ts'
import { writeOptionsFile } from '../open/options-content.ts'
import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import { resolveColumnFamilyOptions } from '../options/resolve.ts'
import { ColumnFamily } from './column-family.ts'

/** Adds a family to an open database. @throws AlreadyExistsError when there is one of that name */
export async function createColumnFamily(
  db: Database,
  name: string,
  options: ColumnFamilyOptions,
): Promise<ColumnFamily> {
  const family = await addColumnFamily(db, name, options)
  await writeOptionsFile(db)
  return family
}

/** {@link createColumnFamily} without writing the OPTIONS file. */
export async function addColumnFamily(
  db: Database,
  name: string,
  options: ColumnFamilyOptions,
): Promise<ColumnFamily> {
  db.checkWritable()
  if (name === '') throw new InvalidOptionError('columnFamilies', 'a column family has a name')
  const resolved = resolveColumnFamilyOptions(options, db.options)
  if (db.familyNamed(name) !== undefined)
    throw new AlreadyExistsError(`column family "${name}" exists`)
  const { versions, wals } = db
  const { comparator, numLevels } = resolved
  let stored
  try {
    stored = await versions.addColumnFamily(name, comparator, wals.currentNumber, numLevels)
  } catch (error) {
    if (versions.failure !== undefined) db.fail(error)
    throw error
  }
  const { id, current } = stored
  const family = new ColumnFamily(id, name, resolved, current, wals.currentNumber, db.tables)
  db.families.set(id, family)
  db.committer.noteFamily(family)
  db.infoLog.write(`created column family "${name}" with id ${id}`)
  return family
}
