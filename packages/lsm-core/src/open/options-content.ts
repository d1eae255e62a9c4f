import { join } from 'node:path'

import { CorruptionError, InvalidOptionError, utf8Bytes } from '@varve/base'
import {
  formatOptionsFile,
  optionsFileName,
  type OptionsFile,
  type VersionSet,
} from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'

import type { ColumnFamily } from '../column-family/column-family.ts'
import { databaseSectionOf } from '../options-file/database-section.ts'
import { familySectionOf } from '../options-file/family-section.ts'
import { keepUnknownOptions } from '../options-file/keep-unknown.ts'
import { mergeOperatorOfText } from '../options-file/merge-operator-text.ts'
import { optionsFileNumbers, readNewestOptionsFile } from '../options-file/read-options-file.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'

/** What {@link writeOptionsFile} needs of a database. */
export interface OptionsFileTarget {
  readonly directory: string
  readonly walDirectory: string
  readonly fileSystem: FileSystem
  readonly options: ResolvedDBOptions
  readonly versions: VersionSet
  readonly families: ReadonlyMap<number, ColumnFamily>
}

/**
 * Writes the options of all families under a new number and removes all but the two newest such files. What RocksDB wrote
 * there before and is not an option here stays; only names that RocksDB 7.8 and its successors know are added, because an
 * unknown one stops `ldb`.
 */
export async function writeOptionsFile(
  target: OptionsFileTarget,
  previousDirectory: string = target.directory,
): Promise<void> {
  const { directory, walDirectory, fileSystem, versions } = target
  const next: OptionsFile = {
    version: new Map([
      ['rocksdb_version', '7.8.3'],
      ['options_file_version', '1.1'],
    ]),
    database: databaseSectionOf(
      target.options,
      walDirectory === directory ? undefined : walDirectory,
    ),
    families: [...target.families.values()]
      .sort((a, b) => a.id - b.id)
      .map(({ name, options }) => familySectionOf(name, options)),
  }
  const previous = await readPrevious(fileSystem, previousDirectory)
  const text = formatOptionsFile(keepUnknownOptions(next, previous))
  const path = join(directory, optionsFileName(versions.newFileNumber()))
  await fileSystem.writeFileAtomic(path, utf8Bytes(text))
  const numbers = await optionsFileNumbers(fileSystem, directory)
  for (const old of numbers.slice(2)) await fileSystem.remove(join(directory, optionsFileName(old)))
}

/**
 * Refuses a merge operator other than the one that the operands in the database are of, as far as the OPTIONS file tells.
 *
 * @throws InvalidOptionError when a family is opened with another merge operator than it was written with
 */
export async function checkMergeOperators(
  fileSystem: FileSystem,
  directory: string,
  families: Iterable<ColumnFamily>,
): Promise<void> {
  const previous = await readPrevious(fileSystem, directory)
  if (previous === undefined) return
  const stored = new Map(
    previous.families.map(({ name, options }) => [
      name,
      mergeOperatorOfText(options.get('merge_operator')),
    ]),
  )
  for (const { name, options } of families) {
    const before = stored.get(name)
    const { mergeOperator } = options
    if (before === undefined || before === null || mergeOperator === undefined) continue
    if (kindOf(before) === kindOf(mergeOperator)) continue
    throw new InvalidOptionError(
      'mergeOperator',
      `of column family "${name}" is "${mergeOperator}", but its data is of "${before}"`,
    )
  }
}

/** The delimiter of `stringappend` may change: it stands in no operand. */
function kindOf(operator: string): string {
  return operator.split('=', 1)[0]!
}

/** A file that cannot be read says nothing: it is no part of the data. */
async function readPrevious(
  fileSystem: FileSystem,
  directory: string,
): Promise<OptionsFile | undefined> {
  try {
    return (await readNewestOptionsFile(fileSystem, directory))?.file
  } catch (error) {
    if (error instanceof CorruptionError) return undefined
    throw error
  }
}
