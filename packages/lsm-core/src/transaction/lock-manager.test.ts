import { utf8Bytes } from '@varve/base'
import { VirtualClock } from '@varve/base/testing'
import { fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { LockManager, type LockOwner, type LockRequest } from './lock-manager.ts'
import { DeadlockError, LockLimitError, LockTimeoutError } from './transaction-errors.ts'

const clock = new VirtualClock()

function manager(options: { maxLocks?: number } = {}): LockManager {
  return new LockManager({
    clock,
    maxLocksPerFamily: options.maxLocks ?? -1,
    deadlockBufferSize: 2,
  })
}

function owner(id: number, expiresAtMs: number = Number.POSITIVE_INFINITY): LockOwner {
  return { id, expiresAtMs, giveUpLocks: () => true }
}

function request(key: string, options: Partial<LockRequest> = {}): LockRequest {
  return {
    columnFamilyId: 0,
    key: utf8Bytes(key),
    exclusive: true,
    timeoutMs: 100,
    deadlockDepth: 50,
    ...options,
  }
}

describe('locks', () => {
  it('are granted at once when free, again to their owner, and shared to those who share', () => {
    const locks = manager()
    const [a, b, c] = [owner(1), owner(2), owner(3)]
    expect(locks.acquire(a, request('k', { exclusive: false }))).toBeUndefined()
    expect(locks.acquire(b, request('k', { exclusive: false }))).toBeUndefined()
    expect(() => locks.acquire(c, request('k', { timeoutMs: 0 }))).toThrow(LockTimeoutError)
    locks.release(a, 0, utf8Bytes('k'))
    expect(locks.acquire(b, request('k', { timeoutMs: 0 }))).toBeUndefined()
    expect(() => locks.acquire(a, request('k', { exclusive: false, timeoutMs: 0 }))).toThrow(
      LockTimeoutError,
    )
    expect(locks.acquire(a, request('k', { columnFamilyId: 1, timeoutMs: 0 }))).toBeUndefined()
    expect(locks.locks().map((lock) => [lock.exclusive, lock.transactionIds])).toEqual([
      [true, [2]],
      [true, [1]],
    ])
    locks.release(b, 0, utf8Bytes('k'))
    locks.release(a, 1, utf8Bytes('k'))
    expect(locks.locks()).toEqual([])
  })

  it('let in those who wait in their order, shared ones together', async () => {
    const locks = manager()
    const [a, b, c, d] = [owner(1), owner(2), owner(3), owner(4)]
    const order: number[] = []
    void locks.acquire(a, request('k'))
    const waiting = [b, c, d].map((who) =>
      locks.acquire(who, request('k', { exclusive: who === d }))!.then(() => order.push(who.id)),
    )
    locks.release(a, 0, utf8Bytes('k'))
    await clock.advance(0)
    expect(order).toEqual([2, 3])
    locks.release(c, 0, utf8Bytes('k'))
    locks.release(b, 0, utf8Bytes('k'))
    await Promise.all(waiting)
    expect(order).toEqual([2, 3, 4])
    expect(clock.pendingTimers).toBe(0)
  })

  it('time out, and are taken from those who have expired', async () => {
    const locks = manager()
    const [a, b, c] = [owner(1, clock.monotonicMs() + 150), owner(2), owner(3)]
    void locks.acquire(a, request('k'))
    const late = expect(locks.acquire(b, request('k'))).rejects.toThrow(LockTimeoutError)
    await clock.advance(100)
    await late
    let granted = false
    void locks.acquire(c, request('k'))!.then(() => (granted = true))
    await clock.advance(49)
    expect(granted).toBe(false)
    await clock.advance(1)
    expect(granted).toBe(true)
    locks.release(a, 0, utf8Bytes('k'))
    expect(locks.locks()[0]!.transactionIds).toEqual([3])
    expect(clock.pendingTimers).toBe(0)
  })

  it('do not spin on an owner that has expired and is about to commit', async () => {
    const locks = manager()
    const committing = { ...owner(1, clock.monotonicMs() + 10), giveUpLocks: () => false }
    void locks.acquire(committing, request('k'))
    const waiting = locks.acquire(owner(2), request('k', { timeoutMs: -1 }))!
    await clock.advance(50)
    expect(clock.pendingTimers).toBe(0)
    locks.release(committing, 0, utf8Bytes('k'))
    await waiting
  })

  it('find circles of waiting, of any length, and remember them', async () => {
    const locks = manager()
    const owners = Array.from({ length: 5 }, (_, i) => owner(i))
    for (const who of owners) void locks.acquire(who, request(`k${who.id}`))
    const waiting = owners
      .slice(0, 4)
      .map((who) => locks.acquire(who, request(`k${who.id + 1}`))!.catch(() => undefined))
    let error: unknown
    try {
      await locks.acquire(owners[4]!, request('k0'))
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(DeadlockError)
    const { path } = error as DeadlockError
    expect(path.steps.map(({ transactionId }) => transactionId)).toEqual([4, 0, 1, 2, 3])
    expect(locks.deadlocks).toEqual([path])
    expect(() => locks.acquire(owners[4]!, request('k0', { deadlockDepth: 2 }))).toThrow(/assumed/)
    expect(locks.deadlocks[0]!.limitExceeded).toBe(true)
    locks.close()
    await Promise.all(waiting)
  })

  it('are bounded in number', () => {
    const locks = manager({ maxLocks: 1 })
    void locks.acquire(owner(1), request('a'))
    expect(() => locks.acquire(owner(1), request('b'))).toThrow(LockLimitError)
    expect(locks.acquire(owner(1), request('b', { columnFamilyId: 1 }))).toBeUndefined()
  })

  it('never have an exclusive holder beside another, and nobody waits for nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            who: fc.nat(4),
            key: fc.nat(2),
            exclusive: fc.boolean(),
            release: fc.boolean(),
          }),
          { maxLength: 60 },
        ),
        async (steps) => {
          const locks = manager()
          const owners = Array.from({ length: 5 }, (_, i) => owner(i))
          const waiting = new Map<string, LockRequest>()
          for (const { who, key, exclusive, release } of steps) {
            const id = `${who}:${key}`
            if (release) {
              locks.release(owners[who]!, 0, utf8Bytes(`k${key}`))
            } else if (!waiting.has(id)) {
              const wanted = request(`k${key}`, { exclusive, timeoutMs: -1, deadlockDepth: 0 })
              const promise = locks.acquire(owners[who]!, wanted)
              if (promise !== undefined) {
                waiting.set(id, wanted)
                void promise.then(
                  () => waiting.delete(id),
                  () => waiting.delete(id),
                )
              }
            }
            await Promise.resolve()
            await Promise.resolve()
            for (const lock of locks.locks()) {
              if (lock.exclusive) expect(lock.transactionIds.length).toBeLessThanOrEqual(1)
              if (lock.transactionIds.length > 0) continue
              throw new Error('a lock without a holder is kept')
            }
          }
          locks.close()
          await clock.advance(0)
          expect(waiting.size).toBe(0)
        },
      ),
      { numRuns: 200 },
    )
  })
})
