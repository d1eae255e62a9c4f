import { join } from 'node:path'

import {
  CURRENT_FILE_NAME,
  encodeVersionEdit,
  manifestFileName,
  parseFileName,
  readIdentity,
  writeCurrent,
  writeIdentity,
  type VersionSet,
} from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import { listLogs } from './list-logs.ts'
import type { LostDirectory } from './lost-directory.ts'

/** What a repair has come to. */
export interface RepairOutcome {
  readonly directory: string
  readonly walDirectory: string
  readonly versions: VersionSet
  /** Identity of the database, when the MANIFEST says it. */
  readonly dbId: string | undefined
  /** Numbers of the logs that became tables. */
  readonly logs: readonly number[]
  /** The log that holds what the old ones leave undecided. */
  readonly logNumber: number
  /** Names of tables that are not needed any more. */
  readonly aside: ReadonlySet<string>
  /** Path of the mark that the repair is under way. */
  readonly mark: string
}

/** Writes the new MANIFEST and has CURRENT name it; only then what is not needed goes aside. */
export async function commitRepair(
  fs: FileSystem,
  outcome: RepairOutcome,
  lost: LostDirectory,
): Promise<void> {
  const { directory, versions, dbId } = outcome
  const number = versions.newFileNumber()
  {
    await using manifest = await LogWriter.open(fs, join(directory, manifestFileName(number)))
    for (const edit of versions.snapshotEdits()) manifest.addRecord(encodeVersionEdit(edit))
    await manifest.sync()
  }
  await fs.syncDirectory(directory)
  if (dbId !== undefined && (await readIdentity(fs, directory)) === undefined)
    await writeIdentity(fs, directory, dbId)
  if (await fs.exists(join(directory, CURRENT_FILE_NAME)))
    await lost.copy(directory, CURRENT_FILE_NAME)
  await writeCurrent(fs, directory, number)
  await fs.remove(outcome.mark)
  await fs.syncDirectory(directory)
  await clearAway(fs, outcome, number, lost)
}

/** Old manifests, tables that are not needed, and logs that became tables. */
async function clearAway(
  fs: FileSystem,
  { directory, walDirectory, aside, logs, logNumber }: RepairOutcome,
  manifestNumber: number,
  lost: LostDirectory,
): Promise<void> {
  for (const name of await fs.list(directory)) {
    const parsed = parseFileName(name)
    const isOld = parsed?.type === 'manifest' && parsed.number !== manifestNumber
    if (isOld || aside.has(name)) await lost.take(directory, name)
  }
  const converted = new Set(logs)
  for (const name of await listLogs(fs, walDirectory)) {
    const { number } = parseFileName(name)!
    if (number === logNumber) continue
    if (converted.has(number) || number < manifestNumber) await lost.take(walDirectory, name)
  }
  await fs.syncDirectory(directory)
}
