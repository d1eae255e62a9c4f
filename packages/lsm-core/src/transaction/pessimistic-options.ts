import { InvalidOptionError } from '@varve/base'

/** Options of {@link TransactionDB.open}, besides those of the database. Names and defaults are RocksDB's. */
export interface TransactionDBOptions {
  /** How long a transaction waits for a lock unless it says otherwise; negative: without end. Default 1000. */
  readonly transactionLockTimeoutMs?: number
  /** How long a write outside of transactions waits for a lock; negative: without end. Default 1000. */
  readonly defaultLockTimeoutMs?: number
  /** Keys of a family that may be locked at once; negative: no bound. Default -1. */
  readonly maxNumLocks?: number
  /** Deadlocks that {@link TransactionDB.getDeadlockInfoBuffer} remembers. Default 5. */
  readonly maxNumDeadlocks?: number
}

/** Options of {@link TransactionDB.beginTransaction}. Names and defaults are RocksDB's. */
export interface TransactionOptions {
  /** This kind locks keys when they are written or read for update. */
  readonly optimistic?: false
  /** Read the state of this moment, and fail for keys that have changed since. Default false: the latest state. */
  readonly snapshot?: boolean
  /** How long to wait for a lock; negative: without end. Default: the database's `transactionLockTimeoutMs`. */
  readonly lockTimeoutMs?: number
  /** From then on others may take its locks, and it cannot commit. Default: never. */
  readonly expirationMs?: number
  /** Look for circles of waiting before waiting, and fail with DeadlockError. Default false. */
  readonly deadlockDetect?: boolean
  /** Transactions that the search goes through before it takes a deadlock for granted. Default 50. */
  readonly deadlockDetectDepth?: number
}

/** {@link TransactionDBOptions} with every default filled in. */
export type ResolvedTransactionDBOptions = Required<TransactionDBOptions>

const databaseDefaults: ResolvedTransactionDBOptions = {
  transactionLockTimeoutMs: 1000,
  defaultLockTimeoutMs: 1000,
  maxNumLocks: -1,
  maxNumDeadlocks: 5,
}

const transactionKeys: ReadonlySet<string> = new Set<keyof TransactionOptions>([
  'optimistic',
  'snapshot',
  'lockTimeoutMs',
  'expirationMs',
  'deadlockDetect',
  'deadlockDetectDepth',
])

/** @throws InvalidOptionError for unknown names and for values that are no numbers */
export function resolveTransactionDBOptions(
  options: TransactionDBOptions,
): ResolvedTransactionDBOptions {
  for (const [name, value] of Object.entries(options)) {
    if (!(name in databaseDefaults)) throw new InvalidOptionError(name, 'is not known')
    checkNumber(name, value)
  }
  return { ...databaseDefaults, ...options }
}

/** @throws InvalidOptionError for unknown names and for values that are no numbers */
export function checkTransactionOptions(options: TransactionOptions): void {
  for (const name of Object.keys(options))
    if (!transactionKeys.has(name)) throw new InvalidOptionError(name, 'is not known')
  checkNumber('lockTimeoutMs', options.lockTimeoutMs)
  checkNumber('expirationMs', options.expirationMs)
  checkNumber('deadlockDetectDepth', options.deadlockDetectDepth)
}

function checkNumber(name: string, value: unknown): void {
  if (value !== undefined && (typeof value !== 'number' || Number.isNaN(value)))
    throw new InvalidOptionError(name, `must be a number, is ${String(value)}`)
}
