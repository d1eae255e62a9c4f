import { join } from 'node:path'

import { logFileName } from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import { prepareRecord, type RecoveredTransaction } from '../db/two-phase-log.ts'

/** Writes the log `number` with transactions that nobody has decided yet: whoever opens the database commits them or not. */
export async function writePrepared(
  fs: FileSystem,
  walDirectory: string,
  number: number,
  sequence: number,
  prepared: readonly RecoveredTransaction[],
): Promise<void> {
  if (prepared.length === 0) return
  await using log = await LogWriter.open(fs, join(walDirectory, logFileName(number)))
  for (const { name, batch } of prepared) log.addRecord(prepareRecord(sequence, name, batch))
  await log.sync()
  await fs.syncDirectory(walDirectory)
}
