import { join } from 'node:path'

import { utf8Bytes, utf8Text } from '@varve/base'
import { parseFileName } from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'

import { listLogs } from './list-logs.ts'
import type { LostDirectory } from './lost-directory.ts'
import { namedManifest } from './manifest-hints.ts'

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

/**
 * Puts what an interrupted repair made aside, with its MANIFEST, which nothing names, and its log: what they hold is in the tables and
 * logs that it made them of. Of a repair that CURRENT names already, only the mark is left to remove.
 */
export async function dropInterruptedRepair(
  fs: FileSystem,
  directory: string,
  walDirectory: string,
  lost: LostDirectory,
): Promise<void> {
  const names = await fs.list(directory)
  for (const name of names) {
    const parsed = parseFileName(name)
    if (parsed?.type !== 'temp') continue
    const mark = join(directory, name)
    if (utf8Text(await fs.readFile(mark)) !== content) continue
    const named = await namedManifest(fs, directory)
    if (named === undefined || named < parsed.number) {
      for (const file of names) {
        const { type, number } = parseFileName(file) ?? {}
        if ((type === 'table' || type === 'manifest') && number! >= parsed.number)
          await lost.take(directory, file)
      }
      for (const log of await listLogs(fs, walDirectory))
        if (parseFileName(log)!.number >= parsed.number) await lost.take(walDirectory, log)
    }
    await fs.syncDirectory(directory)
    await fs.remove(mark)
  }
}
