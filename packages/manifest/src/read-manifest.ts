import type { FileSystem } from '@varve/vfs'
import { LogReader } from '@varve/wal'

import { readCurrent } from './current-file.ts'
import { manifestFileName } from './file-names.ts'
import { ManifestReplay, type ManifestState } from './manifest-state.ts'
import { decodeVersionEdit } from './version-edit-decode.ts'
import type { VersionEdit } from './version-edit.ts'

/** A record of a MANIFEST. */
export interface ManifestRecord {
  /** Where the record starts in the file. */
  readonly offset: number
  readonly edit: VersionEdit
}

/**
 * The records of a MANIFEST in order. A torn last record never happened and is left out; other damage throws.
 *
 * @throws CorruptionError
 */
export async function readManifestRecords(
  fs: FileSystem,
  path: string,
): Promise<readonly ManifestRecord[]> {
  const records: ManifestRecord[] = []
  await using log = await LogReader.open(fs, path, {
    recoveryMode: 'tolerateCorruptedTailRecords',
  })
  for (let record = log.readRecord(); record !== undefined; record = log.readRecord()) {
    const offset = log.recordOffset
    records.push({ offset, edit: decodeVersionEdit(record, { file: path, offset }) })
  }
  return records
}

/**
 * Reads `CURRENT` and the MANIFEST it names. Changes nothing.
 *
 * @throws CorruptionError when one of them is damaged
 * @throws IoError when the directory holds no database
 */
export async function readManifest(fs: FileSystem, directory: string): Promise<ManifestState> {
  const number = await readCurrent(fs, directory)
  const path = `${directory}/${manifestFileName(number)}`
  const replay = new ManifestReplay(path)
  for (const { offset, edit } of await readManifestRecords(fs, path)) replay.apply(edit, offset)
  return replay.finish(number)
}
