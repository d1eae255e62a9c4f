import type { ChangeSource, ChangeTransaction } from '../change.ts'
import { asInteger, asText, type RawObject } from '../connect/raw.ts'
import { SEQUENCE_PAIR } from '../connectors/postgresql.ts'
import type { Instant } from '../values/values.ts'

/** Place of an event in its source's log, small enough to keep with every row. */
export interface SourceMark {
  /** Which log; places in different ones do not compare. */
  readonly log: string
  /** Whether a snapshot read the row when the log stood there. */
  readonly read: boolean
  /** Place in the log, most significant number first. */
  readonly at: readonly bigint[]
  /** Second way to tell the place, for logs that a fail-over replaces (MySQL's GTIDs). */
  readonly alternative?: { readonly log: string; readonly at: readonly bigint[] }
}

/** How an incoming event stands to a stored one. `unknown`: nothing tells, so the order of delivery decides. */
export type MarkOrder = 'older' | 'same' | 'newer' | 'unknown'

/** What a mark is made of. */
export interface MarkedEvent {
  readonly source: ChangeSource | undefined
  readonly transaction?: ChangeTransaction | undefined
  readonly time: Instant | undefined
}

/** The mark of an event; undefined where its source says no place. */
export function markOf({ source, transaction, time }: MarkedEvent): SourceMark | undefined {
  if (source === undefined) return undefined
  const { raw } = source
  const read = source.snapshot !== 'false'
  const mark = (
    log: string,
    at: readonly (bigint | undefined)[],
    more: Pick<SourceMark, 'alternative'> = {},
  ): SourceMark | undefined =>
    at.every((part) => part !== undefined) ? { log, read, at, ...more } : undefined
  switch (source.connector) {
    case 'postgresql':
      return postgresqlMark(source, read)
    case 'mysql':
    case 'mariadb':
      return mysqlMark(raw, read)
    case 'sqlserver':
    case 'db2': {
      const commit = hexadecimal(raw.get('commit_lsn'))
      const change = hexadecimal(raw.get('change_lsn'))
      if (change === undefined) return mark('', [commit])
      return mark('', [commit, change, asInteger(raw.get('event_serial_no')) ?? 0n])
    }
    case 'informix':
    case 'ingres': {
      const change = asInteger(raw.get('change_lsn'))
      const commit = asInteger(raw.get('commit_lsn')) ?? change
      return mark('', change === undefined ? [commit] : [commit, change])
    }
    case 'oracle':
      return oracleMark(raw, read)
    case 'yashandb':
      return mark('', [asInteger(raw.get('scn'))])
    case 'mongodb': {
      const ms = asInteger(raw.get('ts_ms'))
      return mark('', [ms === undefined ? undefined : ms / 1000n, asInteger(raw.get('ord')) ?? 0n])
    }
    case 'vitess':
      return vitessMark(source, transaction, read)
    case 'spanner':
      return mark('', [time?.epochNanoseconds, asInteger(raw.get('mod_number')) ?? 0n])
    case 'cassandra':
      return mark('', [time?.epochNanoseconds])
    case 'cockroachdb': {
      const clock = /^(\d{1,30})(?:\.(\d{1,30}))?$/.exec(asText(raw.get('ts_hlc')) ?? '')
      return clock === null ? undefined : mark('', [BigInt(clock[1]!), BigInt(clock[2] ?? 0)])
    }
    case 'varve':
      // What this package's writer was given.
      return mark('', [asInteger(/^\["(\d+)"\]$/.exec(asText(raw.get('sequence')) ?? '')?.[1])])
    default:
      return undefined
  }
}

/** Short numbers become bigints by way of numbers, in half the time. */
function digitsToBigInt(text: string | null): bigint | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? BigInt(Number(text)) : asInteger(text)
}

/** Stands for "no commit before" in PostgreSQL's pairs. */
const NO_COMMIT = -1n

/**
 * PostgreSQL: [last commit handled before, place of the event]. Transactions are sent in the order of their commits, so the second number alone
 * may fall from one to the next.
 */
function postgresqlMark(source: ChangeSource, read: boolean): SourceMark | undefined {
  const { raw } = source
  const text = raw.get('sequence')
  const pair = typeof text === 'string' ? SEQUENCE_PAIR.exec(text) : null
  const sequence =
    pair === null
      ? (source.position?.['sequence'] as readonly (string | null)[] | null | undefined)
      : [pair[1] ?? null, pair[2] ?? null]
  const commit = digitsToBigInt(sequence?.[0] ?? null)
  const place = asInteger(raw.get('lsn')) ?? digitsToBigInt(sequence?.[1] ?? null)
  return place === undefined ? undefined : { log: '', read, at: [commit ?? NO_COMMIT, place] }
}

/** MySQL and MariaDB: file, position and row within one server's binlog; across servers the number of a GTID's own source. */
function mysqlMark(raw: RawObject, read: boolean): SourceMark | undefined {
  const file = /^(.*?)\.?(\d{1,20})$/.exec(asText(raw.get('file')) ?? '')
  const position = asInteger(raw.get('pos'))
  if (file === null || position === undefined) return undefined
  const row = asInteger(raw.get('row')) ?? 0n
  // A snapshot does not say which server it read.
  const server = asInteger(raw.get('server_id')) ?? 0n
  const gtid = /^(.+?)[:-](?:\d{1,20}-)?(\d{1,20})$/.exec(asText(raw.get('gtid')) ?? '')
  return {
    log: `${server === 0n ? '' : server} ${file[1]!}`,
    read,
    at: [BigInt(file[2]!), position, row],
    ...(gtid === null ? {} : { alternative: { log: gtid[1]!, at: [BigInt(gtid[2]!)] } }),
  }
}

/** Oracle: numbers of commits, then the order within a transaction, where the version tells it. */
function oracleMark(raw: RawObject, read: boolean): SourceMark | undefined {
  const scn = asInteger(raw.get('scn'))
  const commit = asInteger(raw.get('commit_scn')) ?? scn
  if (commit === undefined) return undefined
  if (read) return { log: '', read, at: [commit] }
  const sequence = asInteger(raw.get('txSeq'))
  if (sequence !== undefined)
    return { log: `${asText(raw.get('txId')) ?? ''}`, read, at: [commit, sequence] }
  const place = [scn ?? 0n, hexadecimal(raw.get('rs_id')) ?? 0n, asInteger(raw.get('ssn')) ?? 0n]
  return { log: 'scn', read, at: [commit, ...place] }
}

/** Vitess: order of transactions where they are ordered, else the ends of a shard's sets of GTIDs. */
function vitessMark(
  { position }: ChangeSource,
  transaction: ChangeTransaction | undefined,
  read: boolean,
): SourceMark | undefined {
  const shard = String((position?.['shard'] ?? '') as string)
  const { epoch, rank, totalOrder } = transaction ?? {}
  if (epoch !== undefined && rank !== undefined && /^\d{1,100}$/.test(rank))
    return { log: `rank ${shard}`, read, at: [epoch, BigInt(rank), totalOrder ?? 0n] }
  const list = position?.['vgtid']
  if (!Array.isArray(list)) return undefined
  const entry = (list as readonly Readonly<Record<string, unknown>>[]).find(
    (candidate) => candidate['shard'] === shard,
  )
  const text = typeof entry?.['gtid'] === 'string' ? entry['gtid'] : ''
  const ends = text
    .replace(/^MySQL\d+\//, '')
    .split(',')
    .map((set) => /^([0-9a-fA-F-]{36}):.*?(\d{1,20})$/.exec(set))
  if (ends.includes(null)) return undefined
  const sorted = ends.map((end) => [end![1]!, BigInt(end![2]!)] as const)
  sorted.sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    log: `sets ${shard} ${sorted.map(([uuid]) => uuid).join()}`,
    read,
    at: sorted.map(([, end]) => end),
  }
}

function hexadecimal(raw: Parameters<typeof asText>[0]): bigint | undefined {
  const digits = (asText(raw) ?? '').replaceAll(/^\s*0x|[:.\s]/g, '')
  return /^[0-9a-fA-F]{1,64}$/.test(digits) ? BigInt(`0x${digits}`) : undefined
}

/**
 * How an incoming event stands to one that is stored, by the rules of the connector.
 *
 * A read and a streamed change are ordered by what the read must have seen: everything committed up to its place, nothing after. So a streamed
 * change is `newer` than an older read only where that is sure.
 */
export function compareMarks(
  connector: string,
  incoming: SourceMark | undefined,
  stored: SourceMark | undefined,
): MarkOrder {
  if (incoming === undefined || stored === undefined) return 'unknown'
  if (connector === 'postgresql') return comparePostgresql(incoming, stored)
  if (connector === 'mysql' || connector === 'mariadb') return compareMysql(incoming, stored)
  if (connector === 'vitess' && incoming.log.startsWith('sets'))
    return incoming.log === stored.log ? compareSets(incoming.at, stored.at) : 'unknown'
  if (connector === 'oracle' && incoming.log !== stored.log)
    // Different transactions: commits alone order them.
    return compareAt(incoming.at.slice(0, 1), stored.at.slice(0, 1), 'unknown')
  if (incoming.log !== stored.log) return 'unknown'
  const length = Math.min(incoming.at.length, stored.at.length)
  const order = compareAt(incoming.at.slice(0, length), stored.at.slice(0, length), 'same')
  // A read at a commit has seen that commit.
  if (order === 'same' && incoming.read !== stored.read) return incoming.read ? 'newer' : 'unknown'
  return order
}

function compareAt(a: readonly bigint[], b: readonly bigint[], equal: MarkOrder): MarkOrder {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? 'older' : 'newer'
  return equal
}

/** Both sets of intervals begin at the first transaction: the ends tell which holds the other. */
function compareSets(a: readonly bigint[], b: readonly bigint[]): MarkOrder {
  const less = a.some((end, i) => end < b[i]!)
  const more = a.some((end, i) => end > b[i]!)
  return less && more ? 'unknown' : less ? 'older' : more ? 'newer' : 'same'
}

function comparePostgresql(incoming: SourceMark, stored: SourceMark): MarkOrder {
  const [commit, place] = incoming.at as readonly [bigint, bigint]
  const [storedCommit, storedPlace] = stored.at as readonly [bigint, bigint]
  if (incoming.read === stored.read) {
    // Before 1.5 events do not say the commit; for one row the place alone grows, as its lock orders its transactions.
    if (incoming.read || commit === NO_COMMIT || storedCommit === NO_COMMIT)
      return compareAt([place], [storedPlace], 'same')
    return compareAt(incoming.at, stored.at, 'same')
  }
  if (incoming.read) return storedPlace >= place || storedCommit >= place ? 'older' : 'unknown'
  return place >= storedPlace || commit >= storedPlace ? 'newer' : 'unknown'
}

function compareMysql(incoming: SourceMark, stored: SourceMark): MarkOrder {
  if (sameBinlog(incoming.log, stored.log)) {
    const order = compareAt(incoming.at, stored.at, 'same')
    // A snapshot stands at the end of the log: the change that begins there is newer.
    if (order === 'same' && incoming.read !== stored.read) return incoming.read ? 'older' : 'newer'
    return order
  }
  const [a, b] = [incoming.alternative, stored.alternative]
  if (a === undefined || b === undefined || a.log !== b.log) return 'unknown'
  return compareAt(a.at, b.at, 'unknown')
}

function sameBinlog(a: string, b: string): boolean {
  if (a === b) return true
  const [serverA, fileA] = split(a)
  const [serverB, fileB] = split(b)
  return fileA === fileB && (serverA === '' || serverB === '')
}

function split(log: string): readonly [string, string] {
  const at = log.indexOf(' ')
  return [log.slice(0, at), log.slice(at + 1)]
}
