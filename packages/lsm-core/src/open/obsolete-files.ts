import { parseFileName } from '@varve/manifest'

import type { Database } from '../db/database.ts'

/**
 * Removes what no state of the database needs, right after opening, when nothing else writes: logs below the oldest
 * needed, tables that no version lists (leftovers of a crash), older manifests, temporary files. Names that are not a
 * database's are never touched.
 */
export async function removeObsoleteFiles(db: Database): Promise<void> {
  const { versions, wals, fileSystem, directory, walDirectory } = db
  for (const name of await fileSystem.list(walDirectory)) {
    const parsed = parseFileName(name)
    if (parsed?.type !== 'log') continue
    if (parsed.number < versions.minLogNumberToKeep && parsed.number !== wals.currentNumber)
      await db.fileRemoval.removeFile(name, walDirectory)
  }
  for (const name of await fileSystem.list(directory)) {
    const parsed = parseFileName(name)
    if (parsed === undefined) continue
    const { type, number } = parsed
    switch (type) {
      case 'table':
        if (!versions.isLive(number)) await db.fileRemoval.removeFile(name)
        break
      case 'manifest':
        if (number < versions.manifestFileNumber) await db.fileRemoval.removeFile(name)
        break
      case 'temp':
      case 'optionsTemp':
        await db.fileRemoval.removeFile(name)
        break
      case 'blob':
      case 'current':
      case 'identity':
      case 'infoLog':
      case 'lock':
      case 'log':
      case 'options':
        break
    }
  }
}
