import { AbortedError, byteText, type Clock, type Timer } from '@varve/base'

import {
  DeadlockError,
  LockLimitError,
  LockTimeoutError,
  type DeadlockPath,
  type DeadlockStep,
} from './transaction-errors.ts'

/** Somebody who holds locks: a transaction, or a single write on its way. */
export interface LockOwner {
  readonly id: number
  /** Monotonic ms from when on others may take its locks; Infinity: never. */
  readonly expiresAtMs: number
  /** Asked when it has expired and another wants one of its locks: true lets that one go, and the owner is over. */
  giveUpLocks(): boolean
}

/** How a lock is asked for. */
export interface LockRequest {
  readonly columnFamilyId: number
  /** Copied when the lock is new. */
  readonly key: Uint8Array
  /** Alone, or together with others who want it so. */
  readonly exclusive: boolean
  /** 0: not at all; negative: without end. */
  readonly timeoutMs: number
  /** Transactions that a search for a deadlock goes through at most; 0: none is searched. */
  readonly deadlockDepth: number
}

/** A locked key, for people. */
export interface KeyLockInfo {
  readonly columnFamilyId: number
  readonly key: Uint8Array
  readonly exclusive: boolean
  /** Ids of the holders. */
  readonly transactionIds: readonly number[]
}

interface KeyLock {
  readonly columnFamilyId: number
  readonly key: Uint8Array
  readonly text: string
  owners: LockOwner[]
  exclusive: boolean
  waiters: Waiter[]
}

interface Waiter {
  readonly owner: LockOwner
  readonly lock: KeyLock
  readonly exclusive: boolean
  readonly deadlineMs: number
  timer: Timer | undefined
  resolve(): void
  reject(error: unknown): void
}

/** Bounds of a {@link LockManager}. */
export interface LockManagerOptions {
  readonly clock: Clock
  /** Locked keys a family at most; negative: no bound. */
  readonly maxLocksPerFamily: number
  /** Deadlocks that are remembered. */
  readonly deadlockBufferSize: number
}

/**
 * Locks on single keys, by family.
 *
 * A lock is held by one owner alone, or shared by many. Who finds it taken waits: those who wait are let in in their order
 * when a holder goes, as many as go together. A newcomer that fits to the holders does not queue behind those who do not, so
 * that shared holders can keep an exclusive one waiting for as long as its timeout. All of it happens in one thread; who
 * waits for whom is read off the locks themselves, so it is never out of date.
 */
export class LockManager {
  readonly #clock: Clock
  readonly #maxLocks: number
  readonly #bufferSize: number
  readonly #families = new Map<number, Map<string, KeyLock>>()
  /** What each owner waits for; several locks when it asked for them at once. */
  readonly #waiting = new Map<LockOwner, Set<Waiter>>()
  #deadlocks: DeadlockPath[] = []
  #closed = false

  constructor(options: LockManagerOptions) {
    this.#clock = options.clock
    this.#maxLocks = options.maxLocksPerFamily
    this.#bufferSize = options.deadlockBufferSize
  }

  /** The last deadlocks, newest first. */
  get deadlocks(): readonly DeadlockPath[] {
    return this.#deadlocks
  }

  /** Every lock that is held. */
  locks(): KeyLockInfo[] {
    const all: KeyLockInfo[] = []
    for (const family of this.#families.values()) {
      for (const { columnFamilyId, key, exclusive, owners } of family.values()) {
        const transactionIds = owners.map(({ id }) => id)
        all.push({ columnFamilyId, key: new Uint8Array(key), exclusive, transactionIds })
      }
    }
    return all
  }

  /**
   * Takes the lock, at once (then the result is undefined) or when its holders have gone. An owner that holds it shared and
   * asks for it alone keeps it shared until it is alone.
   *
   * @throws LockTimeoutError, DeadlockError, LockLimitError; or the promise rejects with them
   */
  acquire(owner: LockOwner, request: LockRequest): Promise<void> | undefined {
    if (this.#closed) throw new AbortedError('the database closes')
    const lock = this.#lockOf(request)
    if (this.#tryTake(lock, owner, request.exclusive)) return undefined
    if (request.timeoutMs === 0) throw new LockTimeoutError()
    this.#checkDeadlock(owner, lock, request)
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        owner,
        lock,
        exclusive: request.exclusive,
        deadlineMs:
          request.timeoutMs < 0
            ? Number.POSITIVE_INFINITY
            : this.#clock.monotonicMs() + request.timeoutMs,
        timer: undefined,
        resolve,
        reject,
      }
      lock.waiters.push(waiter)
      const waiters = this.#waiting.get(owner)
      if (waiters === undefined) this.#waiting.set(owner, new Set([waiter]))
      else waiters.add(waiter)
      this.#setTimer(waiter)
    })
  }

  /** Gives a lock back; one that the owner does not hold (any more) is left alone. */
  release(owner: LockOwner, columnFamilyId: number, key: Uint8Array): void {
    const lock = this.#families.get(columnFamilyId)?.get(byteText(key))
    if (lock === undefined || !lock.owners.includes(owner)) return
    lock.owners = lock.owners.filter((other) => other !== owner)
    this.#settle(lock)
  }

  /** Makes an exclusive lock a shared one. */
  downgrade(owner: LockOwner, columnFamilyId: number, key: Uint8Array): void {
    const lock = this.#families.get(columnFamilyId)?.get(byteText(key))
    if (lock === undefined || !lock.owners.includes(owner)) return
    lock.exclusive = false
    this.#settle(lock)
  }

  /** Ends the waiting of an owner that is over. */
  cancel(owner: LockOwner, reason: unknown): void {
    for (const waiter of this.#waiting.get(owner) ?? []) {
      this.#forget(waiter)
      waiter.reject(reason)
    }
  }

  /** Ends all waiting. */
  close(): void {
    this.#closed = true
    for (const owner of [...this.#waiting.keys()])
      this.cancel(owner, new AbortedError('the database closes'))
    this.#families.clear()
  }

  #lockOf({ columnFamilyId, key }: LockRequest): KeyLock {
    let family = this.#families.get(columnFamilyId)
    if (family === undefined) this.#families.set(columnFamilyId, (family = new Map()))
    const text = byteText(key)
    let lock = family.get(text)
    if (lock === undefined) {
      if (this.#maxLocks >= 0 && family.size >= this.#maxLocks)
        throw new LockLimitError(this.#maxLocks)
      const owned = new Uint8Array(key)
      lock = { columnFamilyId, key: owned, text, owners: [], exclusive: false, waiters: [] }
      family.set(text, lock)
    }
    return lock
  }

  #tryTake(lock: KeyLock, owner: LockOwner, exclusive: boolean): boolean {
    if (lock.owners.some((other) => other !== owner && this.#isExpired(other)))
      lock.owners = lock.owners.filter(
        (other) => other === owner || !this.#isExpired(other) || !other.giveUpLocks(),
      )
    const { owners } = lock
    if (owners.length === 0) {
      lock.owners = [owner]
      lock.exclusive = exclusive
      return true
    }
    if (owners.length === 1 && owners[0] === owner) {
      lock.exclusive ||= exclusive
      return true
    }
    if (exclusive || lock.exclusive) return false
    if (!owners.includes(owner)) lock.owners = [...owners, owner]
    return true
  }

  #isExpired(owner: LockOwner): boolean {
    return owner.expiresAtMs <= this.#clock.monotonicMs()
  }

  /** Lets in those who wait, as many as fit; a lock that nobody holds or wants is forgotten. */
  #settle(lock: KeyLock): void {
    for (const waiter of [...lock.waiters]) {
      if (!this.#tryTake(lock, waiter.owner, waiter.exclusive)) continue
      this.#forget(waiter)
      waiter.resolve()
    }
    // The holder they wait for may be another now.
    for (const waiter of lock.waiters) this.#setTimer(waiter)
    if (lock.owners.length === 0 && lock.waiters.length === 0) {
      const family = this.#families.get(lock.columnFamilyId)
      if (family?.get(lock.text) === lock) family.delete(lock.text)
    }
  }

  #forget(waiter: Waiter): void {
    waiter.timer?.cancel()
    const waiters = this.#waiting.get(waiter.owner)
    waiters?.delete(waiter)
    if (waiters?.size === 0) this.#waiting.delete(waiter.owner)
    waiter.lock.waiters = waiter.lock.waiters.filter((other) => other !== waiter)
  }

  /** Looks again when the waiting must end, or when a holder expires, whichever is first. */
  #setTimer(waiter: Waiter): void {
    waiter.timer?.cancel()
    const nowMs = this.#clock.monotonicMs()
    let atMs = waiter.deadlineMs
    // Those that have expired and keep their locks are about to commit.
    for (const { expiresAtMs } of waiter.lock.owners)
      if (expiresAtMs > nowMs) atMs = Math.min(atMs, expiresAtMs)
    if (atMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(0, Math.ceil(atMs - nowMs))
    waiter.timer = this.#clock.setTimer(() => this.#lookAgain(waiter), delayMs)
  }

  #lookAgain(waiter: Waiter): void {
    this.#settle(waiter.lock)
    if (!waiter.lock.waiters.includes(waiter)) return
    if (this.#clock.monotonicMs() >= waiter.deadlineMs) {
      const { lock } = waiter
      this.#forget(waiter)
      waiter.reject(new LockTimeoutError())
      this.#settle(lock)
    }
  }

  /** Follows the holders of the lock to what they wait for, and so on: coming back to `owner` closes a circle. */
  #checkDeadlock(owner: LockOwner, lock: KeyLock, request: LockRequest): void {
    const { deadlockDepth } = request
    if (deadlockDepth <= 0) return
    const first = step(owner, lock, request.exclusive)
    const seen = new Set<LockOwner>([owner])
    let frontier = lock.owners
      .filter((other) => other !== owner)
      .map((other) => ({ other, path: [first] }))
    for (let depth = 0; frontier.length > 0; depth++) {
      const next: typeof frontier = []
      for (const { other, path } of frontier) {
        if (seen.has(other)) continue
        seen.add(other)
        if (seen.size > deadlockDepth) throw this.#deadlock([], true)
        for (const waiter of this.#waiting.get(other) ?? []) {
          const longer = [...path, step(other, waiter.lock, waiter.exclusive)]
          for (const holder of waiter.lock.owners) {
            if (holder === owner) throw this.#deadlock(longer, false)
            if (holder !== other) next.push({ other: holder, path: longer })
          }
        }
      }
      frontier = next
    }
  }

  #deadlock(steps: readonly DeadlockStep[], limitExceeded: boolean): DeadlockError {
    const path: DeadlockPath = { steps, limitExceeded, timeMs: this.#clock.now() }
    this.#deadlocks = [path, ...this.#deadlocks].slice(0, this.#bufferSize)
    return new DeadlockError(path)
  }
}

function step({ id }: LockOwner, lock: KeyLock, exclusive: boolean): DeadlockStep {
  const { columnFamilyId, key } = lock
  return { transactionId: id, columnFamilyId, key: new Uint8Array(key), exclusive }
}
