import { BusyError, TimeoutError, VarveError } from '@varve/base'

/** One step of a deadlock: who waits for which key. */
export interface DeadlockStep {
  readonly transactionId: number
  readonly columnFamilyId: number
  readonly key: Uint8Array
  /** Whether the key was wanted for this transaction alone. */
  readonly exclusive: boolean
}

/** A deadlock that was found, as {@link TransactionDB.getDeadlockInfoBuffer} tells it. */
export interface DeadlockPath {
  /** The transaction that was refused first; each waits for the next, the last for the first. Empty when the search was given up. */
  readonly steps: readonly DeadlockStep[]
  /** The search went through more transactions than its bound, which counts as a deadlock. */
  readonly limitExceeded: boolean
  /** Wall clock, ms. */
  readonly timeMs: number
}

/** To wait for the key would never end: those who hold it wait for this transaction. RocksDB's `Busy(Deadlock)`. */
export class DeadlockError extends BusyError {
  readonly path: DeadlockPath

  constructor(path: DeadlockPath) {
    super(
      path.limitExceeded
        ? 'deadlock assumed: too many transactions wait for each other'
        : `deadlock among transactions ${path.steps.map(({ transactionId }) => transactionId).join(', ')}`,
    )
    this.path = path
  }
}

/** A family has as many locked keys as it may have. RocksDB's `Busy(LockLimit)`. */
export class LockLimitError extends BusyError {
  constructor(limit: number) {
    super(`a column family has no more than ${limit} locked keys`)
  }
}

/** The lock of a key was not to be had in time. RocksDB's `TimedOut(LockTimeout)`. */
export class LockTimeoutError extends TimeoutError {
  constructor() {
    super('a key is locked by another transaction')
  }
}

/** The transaction has lived longer than its `expirationMs`: its locks may be gone, so it cannot commit. RocksDB's `Expired`. */
export class TransactionExpiredError extends VarveError {
  constructor() {
    super('VARVE_EXPIRED', 'the transaction has expired')
  }
}
