import { join } from 'node:path'

import { CorruptionError, UnsupportedError } from '@varve/base'
import { logFileName, oldTableFileName, tableFileName, type VersionSet } from '@varve/manifest'
import { isNotFound, type FileSystem } from '@varve/vfs'

import { elsewhere } from '../read/table-cache.ts'

/** Checks that every log that the MANIFEST tracks is there, and no shorter than it was when it was synced. @throws CorruptionError */
export async function checkTrackedLogs(
  versions: VersionSet,
  fs: FileSystem,
  directory: string,
): Promise<void> {
  for (const { number, syncedSizeBytes = 0 } of versions.trackedWals) {
    const file = join(directory, logFileName(number))
    const actual = await sizeOf(fs, file, 'log')
    if (actual < syncedSizeBytes) {
      throw new CorruptionError('log is shorter than the manifest says', {
        file,
        expected: syncedSizeBytes,
        actual,
      })
    }
  }
}

/** Checks that every table of the MANIFEST is there and has its size. @throws CorruptionError, or UnsupportedError for tables in other directories and of old names */
export async function checkTables(
  versions: VersionSet,
  fs: FileSystem,
  directory: string,
): Promise<void> {
  for (const { current } of versions.columnFamilies.values()) {
    for (const { file: table } of current.files()) {
      const file = join(directory, tableFileName(table.number))
      if (table.pathId !== undefined && !(await fs.exists(file))) throw elsewhere(file)
      let actual
      try {
        actual = await sizeOf(fs, file, 'table')
      } catch (error) {
        const old = join(directory, oldTableFileName(table.number))
        if (!(error instanceof CorruptionError && (await fs.exists(old)))) throw error
        throw new UnsupportedError(`writing to a database with tables named as "${old}"`)
      }
      if (actual !== table.fileSizeBytes) {
        throw new CorruptionError('table has not the size that the manifest says', {
          file,
          expected: table.fileSizeBytes,
          actual,
        })
      }
    }
  }
}

async function sizeOf(fs: FileSystem, file: string, what: 'log' | 'table'): Promise<number> {
  try {
    return (await fs.stat(file)).sizeBytes
  } catch (error) {
    if (isNotFound(error))
      throw new CorruptionError(`${what} of the manifest is missing`, { file, cause: error })
    throw error
  }
}
