import { join } from 'node:path'

import { NotFoundError, utf8Text } from '@varve/base'
import { optionsFileName, parseFileName, parseOptionsFile, type OptionsFile } from '@varve/manifest'
import { nodeFileSystem, type FileSystem } from '@varve/vfs'

import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import type { DBOptions } from '../options/db-options.ts'
import { databaseOptionsOf } from './database-section.ts'
import { familyOptionsOf } from './family-section.ts'

/** What the newest OPTIONS file of a database says. */
export interface LatestOptions {
  /** Name of the file in the database's directory. */
  readonly fileName: string
  /** Version of the RocksDB that wrote it, or whose names are in it. */
  readonly rocksdbVersion: string
  /** For {@link DB.open}, without the families. */
  readonly database: Omit<DBOptions, 'columnFamilies'>
  /**
   * Where the logs were, as it is written there, undefined when it does not say. Not among `database`: of a database that was copied or moved it is a
   * place of another one.
   */
  readonly storedWalDirectory: string | undefined
  /** By name, for the option `columnFamilies`. */
  readonly columnFamilies: Readonly<Record<string, ColumnFamilyOptions>>
  /** What the file names and is not known here: orders, merge operators, prefix extractors, each with its family. */
  readonly unknown: readonly string[]
}

/** Numbers of the OPTIONS files of a directory, newest first. */
export async function optionsFileNumbers(fs: FileSystem, directory: string): Promise<number[]> {
  const numbers: number[] = []
  for (const name of await fs.list(directory)) {
    const parsed = parseFileName(name)
    if (parsed?.type === 'options') numbers.push(parsed.number)
  }
  return numbers.sort((a, b) => b - a)
}

/** The newest OPTIONS file, undefined when there is none. @throws CorruptionError when it cannot be parsed */
export async function readNewestOptionsFile(
  fs: FileSystem,
  directory: string,
): Promise<{ readonly name: string; readonly file: OptionsFile } | undefined> {
  const [number] = await optionsFileNumbers(fs, directory)
  if (number === undefined) return undefined
  const name = optionsFileName(number)
  const path = join(directory, name)
  return { name, file: parseOptionsFile(utf8Text(await fs.readFile(path)), path) }
}

/**
 * The options that a database was last opened with, by RocksDB (5.18 or later) or here, as far as there are the same ones.
 *
 * @throws NotFoundError when the directory has no OPTIONS file
 * @throws CorruptionError when it cannot be parsed
 *
 * @example
 * ```ts
 * const { database, columnFamilies } = await loadLatestOptions('/data/orders')
 * await using db = await DB.open('/data/orders', { ...database, columnFamilies })
 * ```
 */
export async function loadLatestOptions(
  directory: string,
  options: { readonly fileSystem?: FileSystem } = {},
): Promise<LatestOptions> {
  const newest = await readNewestOptionsFile(options.fileSystem ?? nodeFileSystem, directory)
  if (newest === undefined) throw new NotFoundError(`no OPTIONS file in "${directory}"`)
  const columnFamilies: Record<string, ColumnFamilyOptions> = Object.create(null) as Record<
    string,
    ColumnFamilyOptions
  >
  const unknown: string[] = []
  for (const section of newest.file.families) {
    const read = familyOptionsOf(section)
    columnFamilies[section.name] = read.options
    unknown.push(...read.unknown.map((what) => `${what} of column family "${section.name}"`))
  }
  return {
    fileName: newest.name,
    rocksdbVersion: newest.file.version.get('rocksdb_version') ?? '',
    database: databaseOptionsOf(newest.file),
    storedWalDirectory: newest.file.database.get('wal_dir') || undefined,
    columnFamilies,
    unknown,
  }
}
