import { resolve } from 'node:path'

import { isVarveError, NotFoundError } from '@varve/base'
import {
  DB,
  loadLatestOptions,
  type ColumnFamilyOptions,
  type DBOptions,
  type WalRecoveryMode,
} from '@varve/lsm-core'
import { parseFileName } from '@varve/manifest'
import { nodeFileSystem } from '@varve/vfs'
import { InvalidArgumentError, Option, type Command } from 'commander'

import { formatBytes, type ByteStyle } from '../../render/bytes.ts'

/** Options that all commands have which open a database. */
export interface OpenOptions {
  readonly ttl?: boolean
  readonly mergeOperator?: string
  readonly walDir?: string
  readonly recovery?: WalRecoveryMode
  readonly optionsFile: boolean
}

/** Those of one family, and of how bytes are shown. */
export interface FamilyOptions extends OpenOptions {
  readonly cf: string
  readonly hex?: boolean
  readonly json?: boolean
}

/** Adds {@link OpenOptions}. */
export function openOptions(command: Command): Command {
  return command
    .option('--ttl', 'values end in the time of their write (as of a TTL database)')
    .option(
      '--merge-operator <name>',
      'uint64add, stringappend or stringappend=<delimiter>, for families whose OPTIONS name none',
    )
    .option('--wal-dir <dir>', 'directory of the logs, when it is another one')
    .addOption(
      new Option('--recovery <mode>', 'what damage in a log means').choices([
        'pointInTime',
        'absoluteConsistency',
        'tolerateCorruptedTailRecords',
        'skipAnyCorruptedRecords',
      ]),
    )
    .option('--no-options-file', "do not look into the database's OPTIONS file")
}

/** Adds {@link FamilyOptions}. */
export function familyOptions(command: Command): Command {
  return openOptions(command)
    .option('--cf <name>', 'column family', 'default')
    .option('--hex', 'show all bytes in hexadecimal')
    .option('--json', 'one JSON object a line; bytes that are no text as {"hex": …}')
}

/** All families of a database as it was opened last, for reading; nothing of it is changed. */
export async function openForReading(directory: string, options: OpenOptions): Promise<DB> {
  const { columnFamilies, walDirectory, walRecoveryMode } = await optionsFor(directory, options)
  return await DB.openReadOnly(directory, {
    columnFamilies: columnFamilies!,
    ...(walDirectory === undefined ? {} : { walDirectory }),
    ...(walRecoveryMode === undefined ? {} : { walRecoveryMode }),
  })
}

/** All families of a database as it was opened last, for writing. */
export async function openForWriting(
  directory: string,
  options: OpenOptions & { readonly createIfMissing?: boolean },
): Promise<DB> {
  if (options.createIfMissing === true && !(await hasDatabase(directory)))
    return await DB.open(directory, { createIfMissing: true })
  return await DB.open(directory, await optionsFor(directory, options))
}

async function hasDatabase(directory: string): Promise<boolean> {
  try {
    await DB.listColumnFamilies(directory)
    return true
  } catch (error) {
    if (isVarveError(error) && /ENOENT|no database/.test(String(error.cause ?? error))) return false
    throw error
  }
}

async function optionsFor(directory: string, options: OpenOptions): Promise<DBOptions> {
  const names = await familyNames(directory)
  const latest = options.optionsFile ? await latestOptions(directory) : undefined
  const columnFamilies: Record<string, ColumnFamilyOptions> = {}
  for (const name of names) {
    const stored = latest?.columnFamilies[name] ?? {}
    columnFamilies[name] = {
      ...stored,
      ...(options.ttl === true && stored.ttlSeconds === undefined ? { ttlSeconds: 0 } : {}),
      ...(options.mergeOperator !== undefined && stored.mergeOperator === undefined
        ? { mergeOperator: options.mergeOperator }
        : {}),
    }
  }
  const walDirectory =
    options.walDir ?? (await logsElsewhere(directory, latest?.storedWalDirectory))
  return {
    ...latest?.database,
    columnFamilies,
    ...(walDirectory === undefined ? {} : { walDirectory }),
    ...(options.recovery === undefined ? {} : { walRecoveryMode: options.recovery }),
  }
}

/**
 * The directory that OPTIONS names for logs, if there are some and the database has none beside its tables: it would open without
 * what is only in them, and nothing would tell.
 */
async function logsElsewhere(
  directory: string,
  stored: string | undefined,
): Promise<string | undefined> {
  if (stored === undefined) return undefined
  const elsewhere = resolve(directory, stored)
  if (elsewhere === resolve(directory)) return undefined
  if ((await hasLogs(directory)) || !(await hasLogs(elsewhere))) return undefined
  process.stderr.write(`the logs are in "${elsewhere}", as the OPTIONS file says\n`)
  return elsewhere
}

async function hasLogs(directory: string): Promise<boolean> {
  if (!(await nodeFileSystem.exists(directory))) return false
  const names = await nodeFileSystem.list(directory)
  return names.some((name) => parseFileName(name)?.type === 'log')
}

async function familyNames(directory: string): Promise<string[]> {
  try {
    return await DB.listColumnFamilies(directory)
  } catch (error) {
    if (isVarveError(error) && /ENOENT/.test(String(error.cause)))
      throw new NotFoundError(`no database in "${directory}"`, { cause: error })
    throw error
  }
}

/** A database need not have an OPTIONS file; what it asks for and is not known shows when it is needed. */
async function latestOptions(
  directory: string,
): Promise<Awaited<ReturnType<typeof loadLatestOptions>> | undefined> {
  try {
    return await loadLatestOptions(directory)
  } catch (error) {
    if (!isVarveError(error)) throw error
    if (error.code !== 'VARVE_NOT_FOUND')
      process.stderr.write(`options are left at their defaults: ${error.message}\n`)
    return undefined
  }
}

/** How bytes are shown under these options. */
export function styleOf(options: { readonly hex?: boolean }): ByteStyle {
  return options.hex === true ? 'hex' : 'text'
}

/** A value for JSON: text where it is text, else hexadecimal digits. */
export function jsonBytes(bytes: Uint8Array, style: ByteStyle): unknown {
  const text = formatBytes(bytes, style)
  const isHex = style === 'hex' || text !== new TextDecoder().decode(bytes)
  return isHex ? { hex: text.slice(2) } : text
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new InvalidArgumentError('write a whole number')
  return Number(text)
}
