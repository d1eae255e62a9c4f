import { dirname, join, resolve } from 'node:path'

import { AlreadyExistsError } from '@varve/base'
import { logFileName, tableFileName } from '@varve/manifest'

import type { Database } from '../db/database.ts'
import { copyOpenFile, linkOrCopyFile } from '../files/copy-file.ts'
import { releaseCapture, takeCapture, writeCapturedState, type Capture } from './capture.ts'

/** Builds a database of the present state in `<path>.tmp` and renames it to `path`. */
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
    releaseCapture(db, capture)
  }
  await fs.rename(temporary, path)
  await fs.syncDirectory(dirname(resolve(path)))
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
  await writeCapturedState(db, capture, target)
}
