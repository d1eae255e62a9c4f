import { join } from 'node:path'

import {
  encodeVersionEdit,
  logFileName,
  manifestFileName,
  writeCurrent,
  type Version,
  type VersionEdit,
} from '@varve/manifest'
import type { FileSystem, RandomAccessFile } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import type { Database } from '../db/database.ts'
import { writeOptionsFile } from '../open/options-content.ts'

/** All that makes up the database at one moment; what it holds stays until it is let go. */
export interface Capture {
  readonly manifestNumber: number
  readonly sequence: number
  readonly edits: readonly VersionEdit[]
  readonly versions: readonly Version[]
  readonly logs: readonly {
    readonly number: number
    readonly sizeBytes: number
    readonly file: RandomAccessFile
  }[]
  /** Lets the logs be written over. */
  readonly releaseLogs: () => void
}

/**
 * Holds on to the present state. The moment is one turn of the event loop: the state of the MANIFEST, the tables it lists,
 * and the logs up to their present ends, which together recover to exactly what was visible then. Let it go afterwards.
 */
export function takeCapture(db: Database): Capture {
  db.checkWritable()
  const { versions, wals, fileSystem, walDirectory } = db
  const manifestNumber = versions.newFileNumber()
  const logs: Capture['logs'][number][] = []
  const releaseLogs = wals.hold()
  try {
    for (const { number, sizeBytes } of wals.liveLogs()) {
      // Open, it can be read even when a flush removes its name.
      const file = fileSystem.openRandomAccessSync(join(walDirectory, logFileName(number)))
      logs.push({ number, sizeBytes, file })
    }
  } catch (error) {
    releaseLogs()
    for (const { file } of logs) file.closeSync()
    throw error
  }
  return {
    manifestNumber,
    sequence: versions.lastSequence,
    edits: versions.snapshotEdits(),
    versions: [...versions.columnFamilies.values()].map(({ current }) => current.ref()),
    logs,
    releaseLogs,
  }
}

/** Lets everything go that {@link takeCapture} held. */
export function releaseCapture(db: Database, capture: Capture): void {
  for (const version of capture.versions) version.unref()
  db.fileRemoval.schedulePurge()
  capture.releaseLogs()
  for (const { file } of capture.logs) file.closeSync()
}

/** Writes OPTIONS, MANIFEST and, last, CURRENT of a capture into another directory. */
export async function writeCapturedState(
  db: Database,
  capture: Capture,
  target: string,
): Promise<void> {
  const { fileSystem, options, versions, families, directory } = db
  await writeOptionsFile(
    { directory: target, walDirectory: target, fileSystem, options, versions, families },
    directory,
  )
  await writeManifest(fileSystem, target, capture)
}

/** The MANIFEST comes before CURRENT names it, as everywhere. */
async function writeManifest(fs: FileSystem, target: string, capture: Capture): Promise<void> {
  const { manifestNumber, edits } = capture
  await using manifest = await LogWriter.open(fs, join(target, manifestFileName(manifestNumber)))
  for (const edit of edits) manifest.addRecord(encodeVersionEdit(edit))
  await manifest.sync()
  await fs.syncDirectory(target)
  await writeCurrent(fs, target, manifestNumber)
}
