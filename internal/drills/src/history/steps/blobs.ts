import { UnsupportedError } from '@varve/base'
import { DB, repairDb } from '@varve/lsm-core'

import type { LiveHistory } from '../live-history.ts'
import { readContent } from '../read-content.ts'
import { writeBlobDatabase } from '../blob-database.ts'

/** Values in blob files are read, and neither writing nor repair touches the database. */
export async function readBlobs(history: LiveHistory): Promise<void> {
  const { fileSystem, random } = history
  const path = `${history.path}-blobs`
  await fileSystem.removeTree(path)
  const expected = await writeBlobDatabase(fileSystem, path, random)
  {
    await using db = await DB.openReadOnly(path, { fileSystem })
    const actual = readContent(db, db.columnFamily('default'), { reverse: false, merge: 'none' })
    history.compare(actual, expected, `default of "${path}"`)
  }
  await beRefused(() => DB.open(path, { fileSystem }))
  await beRefused(() => repairDb(path, { fileSystem }))
}

async function beRefused(work: () => Promise<DB | object>): Promise<void> {
  try {
    const opened = await work()
    if (opened instanceof DB) await opened.close()
  } catch (error) {
    if (error instanceof UnsupportedError) return
    throw error
  }
  throw new Error('a database with blob files is not refused')
}
