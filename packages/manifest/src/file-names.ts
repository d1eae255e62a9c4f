/** File whose text names the live MANIFEST. */
export const CURRENT_FILE_NAME = 'CURRENT'
/** File that is locked while a database is open for writing. */
export const LOCK_FILE_NAME = 'LOCK'
/** File that holds the id of the database. */
export const IDENTITY_FILE_NAME = 'IDENTITY'

/** What a name in a database directory stands for. `number` is 0 where there is none. */
export interface ParsedFileName {
  readonly type:
    | 'current'
    | 'lock'
    | 'identity'
    | 'manifest'
    | 'log'
    | 'table'
    | 'blob'
    | 'options'
    | 'optionsTemp'
    | 'temp'
    | 'infoLog'
  readonly number: number
}

function numbered(number: number): string {
  return String(number).padStart(6, '0')
}

/** `000012.sst` */
export function tableFileName(number: number): string {
  return `${numbered(number)}.sst`
}

/** `000012.ldb`, a table as LevelDB and the first releases of RocksDB named it. */
export function oldTableFileName(number: number): string {
  return `${numbered(number)}.ldb`
}

/** `000012.blob`, values of RocksDB's integrated BlobDB. */
export function blobFileName(number: number): string {
  return `${numbered(number)}.blob`
}

/** `000012.log`, a write-ahead log. */
export function logFileName(number: number): string {
  return `${numbered(number)}.log`
}

/** `MANIFEST-000012` */
export function manifestFileName(number: number): string {
  return `MANIFEST-${numbered(number)}`
}

/** `OPTIONS-000012` */
export function optionsFileName(number: number): string {
  return `OPTIONS-${numbered(number)}`
}

const PATTERNS: readonly (readonly [RegExp, ParsedFileName['type']])[] = [
  [/^(\d+)\.log$/, 'log'],
  [/^(\d+)\.(?:sst|ldb)$/, 'table'],
  [/^(\d+)\.blob$/, 'blob'],
  [/^(\d+)\.dbtmp$/, 'temp'],
  [/^MANIFEST-(\d+)$/, 'manifest'],
  [/^OPTIONS-(\d+)$/, 'options'],
  // RocksDB's, and that of `writeFileAtomic`.
  [/^OPTIONS-(\d+)\.(?:dbtmp|tmp)$/, 'optionsTemp'],
  [/^LOG(?:\.old\.(\d+))?$/, 'infoLog'],
]

/** Reads a name of a database directory; `undefined` for names that are not of a database, which are never touched. */
export function parseFileName(name: string): ParsedFileName | undefined {
  if (name === CURRENT_FILE_NAME) return { type: 'current', number: 0 }
  if (name === LOCK_FILE_NAME) return { type: 'lock', number: 0 }
  if (name === IDENTITY_FILE_NAME) return { type: 'identity', number: 0 }
  for (const [pattern, type] of PATTERNS) {
    const match = pattern.exec(name)
    if (match === null) continue
    const number = Number(match[1] ?? 0)
    return Number.isSafeInteger(number) ? { type, number } : undefined
  }
  return undefined
}
