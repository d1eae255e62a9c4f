import { BusyError, NotOpenError } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'
import { changedSince } from './changed-since.ts'
import type { LockManager, LockOwner } from './lock-manager.ts'
import type { TrackedKeys } from './tracked-keys.ts'

/** A key that a transaction is about to read for update or to write. */
export interface KeyUse {
  readonly family: ColumnFamily
  readonly key: Uint8Array
  readonly kind: 'read' | 'write'
  /** For this transaction alone; else together with others who only read it. */
  readonly exclusive: boolean
  /** Fail when the key has changed since the snapshot, if there is one. */
  readonly validate: boolean
}

/** What {@link KeyLocks} need of their transaction. */
export interface KeyLocksHost {
  readonly owner: LockOwner
  readonly locks: LockManager
  readonly tracked: TrackedKeys
  /** How long one lock is waited for; negative: without end. */
  readonly timeoutMs: number
  readonly deadlockDepth: number
  /** Whether the transaction takes more keys. */
  isStarted(): boolean
  /** @throws when it does not, or has expired */
  checkStarted(): void
  /** Sequence number of the snapshot, which is taken now if it was asked for. */
  snapshotSequence(): number | undefined
  /** Sequence number of the last write. */
  lastSequence(): number
}

/**
 * The keys of one locking transaction: each is locked when it is first used, checked against the snapshot, and stays locked until the
 * transaction ends or a save point is rolled back.
 */
export class KeyLocks {
  readonly #host: KeyLocksHost

  constructor(host: KeyLocksHost) {
    this.#host = host
  }

  /** Locks the key for `use` and counts it; waits for those who hold it. @throws BusyError when it has changed since the snapshot */
  async lock(use: KeyUse): Promise<void> {
    const { tracked, timeoutMs } = this.#host
    const { family, key } = use
    this.#host.checkStarted()
    const waiting = this.#acquire(use, timeoutMs)
    if (waiting !== undefined) {
      await waiting
      if (!this.#host.isStarted()) {
        if (tracked.find(family, key) === undefined) this.release(family, key)
        this.#host.checkStarted()
      }
    }
    this.#locked(use)
  }

  /** {@link lock} that does not wait. @throws LockTimeoutError when the key is locked by another */
  lockNow(use: KeyUse): void {
    void this.#acquire(use, 0)
    this.#locked(use)
  }

  /** Nobody asks for the key any more. */
  release(family: ColumnFamily, key: Uint8Array): void {
    const { locks, owner } = this.#host
    locks.release(owner, family.id, key)
  }

  /** Lets all keys go; what is waited for fails. */
  end(): void {
    const { locks, owner, tracked } = this.#host
    locks.cancel(owner, new NotOpenError('the transaction has ended'))
    for (const { family, key } of tracked.values()) this.release(family, key)
  }

  /** Undefined: the lock is ours. */
  #acquire({ family, key, exclusive }: KeyUse, timeoutMs: number): Promise<void> | undefined {
    const { tracked, locks, owner, deadlockDepth } = this.#host
    const held = tracked.find(family, key)
    if (held !== undefined && (held.exclusive || !exclusive)) return undefined
    return locks.acquire(owner, {
      columnFamilyId: family.id,
      key,
      exclusive,
      timeoutMs,
      deadlockDepth,
    })
  }

  /** The key is ours: it must be as the snapshot sees it. */
  #locked({ family, key, kind, exclusive, validate }: KeyUse): void {
    const { tracked, locks, owner } = this.#host
    const taken = this.#host.snapshotSequence()
    const held = tracked.find(family, key)
    const snapshot = validate ? taken : undefined
    if (
      snapshot !== undefined &&
      (held === undefined || held.sequence > snapshot) &&
      changedSince(family, key, snapshot)
    ) {
      if (held === undefined) this.release(family, key)
      else if (exclusive && !held.exclusive) locks.downgrade(owner, family.id, key)
      throw new BusyError('a key has changed since the snapshot of the transaction')
    }
    tracked.add(family, key, snapshot ?? this.#host.lastSequence(), kind, exclusive)
  }
}
