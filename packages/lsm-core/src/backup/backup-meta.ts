import { CorruptionError, formatHex, parseHex, UnsupportedError, utf8Text } from '@varve/base'

/** A file of a backup. */
export interface BackupFile {
  /** Relative to the backup directory, with `/`. */
  readonly path: string
  /** Name in the database. */
  readonly name: string
  /** CRC-32C of the content, when the backup says it. */
  readonly checksum: number | undefined
  /** Size, when the backup says it or the file's name does. */
  readonly sizeBytes: number | undefined
}

/** One backup of a backup directory that RocksDB's BackupEngine made. */
export interface Backup {
  /** Ascending; the newest has the greatest. */
  readonly id: number
  /** Unix seconds. */
  readonly timestampS: number
  /** Sequence number of the database when it was made. */
  readonly sequence: number
  /** What its maker noted, empty for nothing. */
  readonly metadata: Uint8Array
  readonly files: readonly BackupFile[]
}

/** More files than any database has; a damaged number must not lead further. */
const maxFiles = 10_000_000

/**
 * Reads `meta/<id>`. Layouts 1 and 2 are known; unknown fields are skipped unless their
 * writer marked them (`ni::`) as not to be ignored.
 *
 * @throws CorruptionError when it is malformed
 * @throws UnsupportedError for a later layout, and for such fields: files that were left out of the backup have one
 */
export function parseBackupMeta(id: number, data: Uint8Array, file: string): Backup {
  const lines = utf8Text(data).split('\n')
  let line = 0
  const next = (): string => lines[line++] ?? ''
  const damaged = (what: string): CorruptionError =>
    new CorruptionError(`backup description is malformed: ${what}`, { file })
  const number = (text: string, what: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isSafeInteger(value)) throw damaged(`${what} in line ${line}`)
    return value
  }

  if (lines[0]?.startsWith('schema_version ') === true) {
    const version = next().slice('schema_version '.length)
    if (!/^[12](\.|$)/.test(version)) throw new UnsupportedError(`backups of layout ${version}`)
  }
  const timestampS = number(next(), 'time')
  const sequence = number(next(), 'sequence number')
  let metadata: Uint8Array = new Uint8Array(0)
  let text = next()
  for (; /^[a-z]/.test(text); text = next()) {
    const [field, value] = text.split(' ', 2)
    if (field === 'metadata') metadata = hex(value ?? '', damaged)
    else if (field?.startsWith('ni::') === true)
      throw new UnsupportedError(`field "${field}" of backups`)
  }
  const count = number(text, 'number of files')
  if (count > maxFiles) throw damaged('number of files out of range')
  const files: BackupFile[] = []
  for (let i = 0; i < count; i++) files.push(parseFile(next(), damaged))
  return { id, timestampS, sequence, metadata, files }
}

function hex(text: string, damaged: (what: string) => CorruptionError): Uint8Array {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw damaged('metadata')
  return parseHex(text)
}

/** `<path> {<field> <value>}` */
function parseFile(text: string, damaged: (what: string) => CorruptionError): BackupFile {
  const [path = '', ...fields] = text.split(' ')
  let checksum: number | undefined
  let sizeBytes: number | undefined
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1] ?? ''
    if (fields[i] === 'crc32') checksum = Number(value)
    else if (fields[i] === 'size') sizeBytes = Number(value)
    else if (fields[i]!.startsWith('ni::'))
      throw new UnsupportedError(`field "${fields[i]}" of files in backups`)
  }
  if (checksum !== undefined && !(checksum >= 0 && checksum <= 0xffff_ffff))
    throw damaged(`checksum of "${path}"`)
  if (sizeBytes !== undefined && !(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0))
    throw damaged(`size of "${path}"`)
  // Nothing outside the backup directory is ever read, nothing outside the database's written.
  const parts = /^(private\/\d+|shared|shared_checksum)\/([\w-][\w.-]*)$/.exec(path)
  if (parts === null) throw damaged(`path "${path}"`)
  sizeBytes ??= sizeInName(parts[1]!, parts[2]!)
  return { path, name: databaseName(parts[1]!, parts[2]!), checksum, sizeBytes }
}

/**
 * Formats `meta/<id>`.
 *
 *     [schema_version 2.0]                       layout 2 only
 *     <Unix seconds>
 *     <sequence number>
 *     [metadata <hexadecimal>]
 *     <number of files>
 *     <path> crc32 <decimal> [size <bytes>]      sizes in layout 2 only
 */
export function formatBackupMeta(backup: Omit<Backup, 'id'>, layout: 1 | 2): string {
  const lines = [
    ...(layout === 2 ? ['schema_version 2.0'] : []),
    String(backup.timestampS),
    String(backup.sequence),
    ...(backup.metadata.length > 0 ? [`metadata ${formatHex(backup.metadata).toUpperCase()}`] : []),
    String(backup.files.length),
  ]
  for (const { path, checksum, sizeBytes } of backup.files) {
    const fields = [
      ...(checksum === undefined ? [] : [`crc32 ${checksum}`]),
      ...(layout === 2 && sizeBytes !== undefined ? [`size ${sizeBytes}`] : []),
    ]
    lines.push([path, ...fields].join(' '))
  }
  return `${lines.join('\n')}\n`
}

/** Shared files carry what identifies them behind their number: `000009_sWMYST4YAW37AYIXQCVYD_1814.sst`. */
function databaseName(folder: string, name: string): string {
  if (folder !== 'shared_checksum') return name
  return name.replace(/^(\d+)_.*(\.[a-z]+)$/, '$1$2')
}

function sizeInName(folder: string, name: string): number | undefined {
  const match = folder === 'shared_checksum' ? /^\d+_s?\w+_(\d+)\.[a-z]+$/.exec(name) : null
  return match === null ? undefined : Number(match[1])
}
