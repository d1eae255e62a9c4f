import { dirname, join, resolve } from 'node:path'

import { AlreadyExistsError } from '@varve/base'
import {
  encodeVersionEdit,
  logFileName,
  manifestFileName,
  tableFileName,
  writeCurrent,
  type Version,
  type VersionEdit,
} from '@varve/manifest'
import type { FileSystem, RandomAccessFile } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import type { Database } from '../db/database.ts'
import { copyOpenFile, linkOrCopyFile } from '../files/copy-file.ts'
import { writeOptionsFile } from '../open/options-content.ts'

/** All that makes up the database at one moment; what it holds stays until it is let go. */
interface Capture {
  readonly manifestNumber: number
  readonly edits: readonly VersionEdit[]
  readonly versions: readonly Version[]
  readonly logs: readonly {
    readonly number: number
    readonly sizeBytes: number
    readonly file: RandomAccessFile
  }[]
}

/**
 * Builds a database of the present state in `<path>.tmp` and renames it to `path`.
 *
 * The moment is one turn of the event loop: the state of the MANIFEST, the tables it lists, and the logs up to their
 * present ends, which together recover to exactly what was visible then.
 */
export async function createCheckpoint(db: Database, path: string): Promise<void> {
  const { fileSystem: fs } = db
  if (await fs.exists(path)) throw new AlreadyExistsError(`"${path}" exists`)
  const temporary = `${path}.tmp`
  await fs.removeTree(temporary)
  await fs.mkdir(temporary)
  const capture = takeCapture(db)
  try {
    await build(db, capture, temporary)
  } catch (error) {
    await fs.removeTree(temporary).catch(() => undefined) // the first error is the one that counts
    throw error
  } finally {
    for (const version of capture.versions) version.unref()
    db.schedulePurge()
    for (const { file } of capture.logs) file.closeSync()
  }
  await fs.rename(temporary, path)
  await fs.syncDirectory(dirname(resolve(path)))
}

function takeCapture(db: Database): Capture {
  db.checkWritable()
  const { versions, wals, fileSystem, walDirectory } = db
  const manifestNumber = versions.newFileNumber()
  const logs: Capture['logs'][number][] = []
  try {
    for (const { number, sizeBytes } of wals.liveLogs()) {
      // Open, it can be read even when a flush removes its name.
      const file = fileSystem.openRandomAccessSync(join(walDirectory, logFileName(number)))
      logs.push({ number, sizeBytes, file })
    }
  } catch (error) {
    for (const { file } of logs) file.closeSync()
    throw error
  }
  return {
    manifestNumber,
    edits: versions.snapshotEdits(),
    versions: [...versions.columnFamilies.values()].map(({ current }) => current.ref()),
    logs,
  }
}

async function build(db: Database, capture: Capture, target: string): Promise<void> {
  const { fileSystem: fs, directory } = db
  for (const version of capture.versions) {
    for (const { file } of version.files()) {
      const name = tableFileName(file.number)
      await linkOrCopyFile(fs, join(directory, name), join(target, name))
    }
  }
  for (const { number, sizeBytes, file } of capture.logs) {
    await copyOpenFile(fs, file, join(target, logFileName(number)), sizeBytes)
  }
  await writeOptionsFile({
    directory: target,
    walDirectory: target,
    fileSystem: fs,
    versions: db.versions,
    families: db.families,
  })
  await writeManifest(fs, target, capture)
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
