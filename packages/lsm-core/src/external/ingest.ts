import { join } from 'node:path'

import {
  encodeInternalKey,
  sequenceSentinel,
  UnsupportedError,
  userKeyOf,
  valueTypeForSeek,
} from '@varve/base'
import { tableFileName, type FileMetadata, type NewFile, type Version } from '@varve/manifest'
import type { Memtable } from '@varve/memtable'

import { tableFileInfo } from '../background/describe-job.ts'
import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from '../db/database.ts'
import type { ColumnFamilyHandle } from '../db/handles.ts'
import { copyFile, linkOrCopyFile } from '../files/copy-file.ts'
import { metadataOf, readExternalTable, type ExternalTable } from './external-table.ts'

/** Options of {@link DB.ingestExternalFile}. */
export interface IngestOptions {
  /** Default: the family `default`. */
  readonly cf?: ColumnFamilyHandle | undefined
  /** Give the file a second name instead of copying it; it must not be changed any more. Default false. */
  readonly link?: boolean
  /** Read and check every block first. Default true. */
  readonly verify?: boolean
}

/**
 * Takes external tables into a family: copied under a new number, then, while no write and no compaction runs, given the
 * next sequence number and the deepest level where nothing in it or above overlaps.
 */
export async function ingestExternalFiles(
  db: Database,
  family: ColumnFamily,
  paths: readonly string[],
  options: IngestOptions = {},
): Promise<void> {
  db.checkWritable()
  if (family.options.ttlSeconds !== undefined)
    throw new UnsupportedError('external tables in a family with a time to live')
  const { fileSystem: fs, directory, versions } = db
  const { user } = family.comparator
  const tables: ExternalTable[] = []
  for (const path of paths) tables.push(await readExternalTable(fs, path, user, false))
  if (tables.length === 0) return
  const numbers = tables.map(() => versions.newFileNumber())
  try {
    for (const [i, { path }] of tables.entries()) {
      const target = join(directory, tableFileName(numbers[i]!))
      if (options.link === true) await linkOrCopyFile(fs, path, target)
      else await copyFile(fs, path, target)
      // What is taken in is checked, not what it was copied from: copying can go wrong, too.
      if (options.verify !== false) await readExternalTable(fs, target, user, true)
    }
    await fs.syncDirectory(directory)
    await install(db, family, tables, numbers)
  } catch (error) {
    // Of a MANIFEST that could not be written or synced nobody knows whether it lists them: the next opening does.
    for (const number of versions.failure === undefined ? numbers : [])
      if (!versions.isLive(number)) await db.fileRemoval.removeFile(tableFileName(number))
    throw error
  }
}

async function install(
  db: Database,
  family: ColumnFamily,
  tables: readonly ExternalTable[],
  numbers: readonly number[],
): Promise<void> {
  const { versions, background } = db
  const resume = await db.writeController.pause()
  try {
    db.checkWritable()
    db.family(family)
    const overlaps = ({ memtable }: { readonly memtable: Memtable }): boolean =>
      tables.some((table) => overlapsMemtable(memtable, table, family))
    if (overlaps(family.active)) db.switchMemtable(family)
    // Also those that a flush is writing already: their tables must be older than what comes now.
    if (family.immutables.some(overlaps)) await background.waitForFlush([family])
    await background.withoutCompactions(async () => {
      db.checkWritable()
      // The edit makes the files survive a loss of power: what was written before them must, too.
      await db.committer.sync()
      const first = versions.lastSequence + 1
      const newFiles: NewFile[] = []
      for (const [i, table] of tables.entries()) {
        const file = metadataOf(table, numbers[i]!, first + i)
        // FIFO compaction knows no other level than 0.
        const isFifo = family.options.compactionStyle === 'fifo'
        const level = isFifo ? 0 : levelFor(family.superVersion.version, file, newFiles)
        newFiles.push({ level, file })
      }
      try {
        await versions.logAndApply({ columnFamily: family.id, newFiles })
      } catch (error) {
        if (versions.failure !== undefined) db.fail(error)
        throw error
      }
      if (!family.dropped) family.installSuperVersion(versions.columnFamily(family.id).current)
      for (const [i, { level, file }] of newFiles.entries()) {
        db.notify('onExternalFileIngested', {
          columnFamilyName: family.name,
          externalPath: tables[i]!.path,
          file: tableFileInfo(file),
          level,
          globalSequence: first + i,
        })
      }
    })
    db.infoLog.write(
      `took in ${tables.map(({ path }) => `"${path}"`).join(', ')} as tables ${numbers.join(', ')} of "${family.name}"`,
    )
  } finally {
    resume()
  }
}

function overlapsMemtable(memtable: Memtable, table: ExternalTable, family: ColumnFamily): boolean {
  if (memtable.empty) return false
  if (memtable.rangeTombstones.length > 0) return true
  using iterator = memtable.iterator()
  iterator.seek(encodeInternalKey(table.smallest.userKey, sequenceSentinel, valueTypeForSeek))
  return (
    iterator.valid &&
    family.comparator.user.compare(userKeyOf(iterator.key), table.largest.userKey) <= 0
  )
}

/** Deepest level where neither it nor a level above, nor a file taken in before, overlaps; else 0, which orders by sequence. */
function levelFor(version: Version, file: FileMetadata, before: readonly NewFile[]): number {
  const smallest = userKeyOf(file.smallest)
  const largest = userKeyOf(file.largest)
  const { user } = version.comparator
  const isBefore = before.some(
    (other) =>
      user.compare(userKeyOf(other.file.smallest), largest) <= 0 &&
      user.compare(userKeyOf(other.file.largest), smallest) >= 0,
  )
  if (isBefore) return 0
  let deepest = 0
  for (let level = 0; level < version.levels.length; level++) {
    if (version.overlappingFiles(level, smallest, largest).length > 0) break
    deepest = level
  }
  return deepest
}
