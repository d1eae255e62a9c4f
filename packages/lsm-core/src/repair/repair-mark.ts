import { join } from 'node:path'

import { utf8Bytes, utf8Text } from '@varve/base'
import { parseFileName } from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'

import type { LostDirectory } from './lost-directory.ts'

/** Content of the file whose number is that of the first table a repair makes. */
const content = 'tables from this number on are of a repair that is not complete\n'

/**
 * Marks that files from `number` on are of a repair under way; returns the mark's path. Opening the database removes it, as it
 * does other temporary files.
 */
export async function writeRepairMark(
  fs: FileSystem,
  directory: string,
  number: number,
): Promise<string> {
  const path = join(directory, `${String(number).padStart(6, '0')}.dbtmp`)
  // Half a mark is none, and there is nothing to be marked before it is whole: it need not come at once.
  const file = await fs.openWritable(path)
  try {
    await file.append(utf8Bytes(content))
    await file.sync()
  } finally {
    await file.close()
  }
  await fs.syncDirectory(directory)
  return path
}

/** Puts tables and MANIFEST of an interrupted repair aside: what they hold is in the tables and logs that it made them of. */
export async function dropInterruptedRepair(
  fs: FileSystem,
  directory: string,
  lost: LostDirectory,
): Promise<void> {
  const names = await fs.list(directory)
  for (const name of names) {
    const parsed = parseFileName(name)
    if (parsed?.type !== 'temp') continue
    const mark = join(directory, name)
    if (utf8Text(await fs.readFile(mark)) !== content) continue
    for (const table of names) {
      const { type, number } = parseFileName(table) ?? {}
      if ((type === 'table' || type === 'manifest') && number! >= parsed.number)
        await lost.take(directory, table)
    }
    await fs.syncDirectory(directory)
    await fs.remove(mark)
  }
}
