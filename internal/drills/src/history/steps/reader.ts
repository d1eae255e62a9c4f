import { InvalidOptionError } from '@varve/base'
import { DB } from '@varve/lsm-core'

import type { LiveHistory } from '../live-history.ts'
import { readContent } from '../read-content.ts'
import { flush } from './flush-and-compact.ts'
import { write } from './write.ts'

/** A reader beside the database shows what is logged; one that follows, also what is written after it was opened. */
export async function reader(history: LiveHistory): Promise<void> {
  const { db, path, random } = history
  const { walDirectory } = history.setup.db
  const { fileSystem, columnFamilies } = history.openOptions()
  const options = {
    fileSystem,
    columnFamilies,
    ...(walDirectory === undefined ? {} : { walDirectory }),
  }
  await db.flushWal()
  if (random.below(2) === 0) {
    // It does not follow: nobody may change the tables under it.
    await db.waitForCompactions()
    const errorIfWalFileExists = random.below(2) === 0
    try {
      await using opened = await DB.openReadOnly(path, { ...options, errorIfWalFileExists })
      return compare(history, opened)
    } catch (error) {
      if (errorIfWalFileExists && error instanceof InvalidOptionError) return
      throw error
    }
  }
  await using secondary = await DB.openAsSecondary(path, `${path}-secondary`, options)
  compare(history, secondary)
  await write(history)
  if (random.below(2) === 0) await flush(history)
  await db.flushWal()
  await secondary.tryCatchUpWithPrimary()
  compare(history, secondary)
}

function compare(history: LiveHistory, opened: DB): void {
  for (const family of history.families) {
    const { setup } = family
    if (!setup.logged) continue
    const actual = readContent(opened, opened.columnFamily(setup.name), setup)
    history.compare(actual, history.contentOf(family), `${setup.name} of a reader`)
  }
}
