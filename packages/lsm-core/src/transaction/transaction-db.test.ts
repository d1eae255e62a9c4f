import {
  BusyError,
  InvalidOptionError,
  NotOpenError,
  UnsupportedError,
  utf8Text,
} from '@varve/base'
import { assertNoOpenResources, VirtualClock } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { fc } from '@fast-check/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import {
  DB,
  DeadlockError,
  LockTimeoutError,
  TransactionDB,
  TransactionExpiredError,
  WriteBatch,
  type Transaction,
} from '../index.ts'

const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : utf8Text(value)

describe('pessimistic transactions', () => {
  let clock: VirtualClock
  let fileSystem: MemoryFileSystem
  let db: TransactionDB
  const open = async (): Promise<TransactionDB> =>
    TransactionDB.open('/db', {
      fileSystem,
      clock,
      createIfMissing: true,
      columnFamilies: { default: { mergeOperator: 'stringappend' }, other: {} },
      transactions: { defaultLockTimeoutMs: 50 },
    })
  beforeEach(async () => {
    clock = new VirtualClock()
    fileSystem = new MemoryFileSystem()
    db = await open()
  })
  afterEach(async () => {
    await db.close()
    assertNoOpenResources()
  })

  it('lock what they write and read for update until they end', async () => {
    const cf = db.columnFamily('other')
    using first = db.beginTransaction()
    await first.put('a', '1')
    await first.merge('m', 'x')
    expect(text(await first.get('a'))).toBe('1')
    expect(await db.get('a')).toBeUndefined()

    using second = db.beginTransaction({ lockTimeoutMs: 20 })
    await second.put('a', 'other family', { cf })
    const refused = expect(second.put('a', '2')).rejects.toThrow(LockTimeoutError)
    await clock.advance(20)
    await refused
    expect(() => second.getForUpdateSync('a')).toThrow(LockTimeoutError)
    const outside = expect(db.put('m', 'y')).rejects.toThrow(LockTimeoutError)
    await clock.advance(50)
    await outside
    expect(() => db.putSync('a', '3')).toThrow(LockTimeoutError)
    await db.write(new WriteBatch().put('m', 'w'), { skipConcurrencyControl: true })

    const waiting = second.getForUpdate('a')
    await first.commit()
    expect(text(await waiting)).toBe('1')
    expect(text(await db.get('m'))).toBe('w,x')
    await second.delete('a')
    await second.commit({ sync: true })
    expect(await db.get('a')).toBeUndefined()
    expect(text(await db.get('a', { cf }))).toBe('other family')
    expect(db.getLockStatusData()).toEqual([])
    await expect(first.put('a', '1')).rejects.toThrow(NotOpenError)
  })

  it('share keys that are only read', async () => {
    using first = db.beginTransaction()
    using second = db.beginTransaction()
    await first.getForUpdate('a', { exclusive: false })
    await second.getForUpdate('a', { exclusive: false })
    expect(() => second.putSync('a', '1')).toThrow(LockTimeoutError)
    await first.rollback()
    second.putSync('a', '1')
    expect(db.getLockStatusData()).toMatchObject([{ exclusive: true, transactionIds: [second.id] }])
  })

  it('fail for keys that have changed since their snapshot, and keep no lock of them', async () => {
    await db.put('a', '1')
    using transaction = db.beginTransaction({ snapshot: true })
    await db.put('a', '2')
    await db.delete('b')
    await db.flush()
    await db.compactRange()
    expect(text(await transaction.get('a'))).toBe('1')
    await expect(transaction.put('a', '3')).rejects.toThrow(BusyError)
    await expect(transaction.getForUpdate('b')).rejects.toThrow(BusyError)
    expect(db.getLockStatusData()).toEqual([])
    await transaction.putUntracked('a', '3')
    expect(text(await transaction.getForUpdate('b', { doValidate: false }))).toBeUndefined()
    transaction.setSnapshot()
    await transaction.put('b', '4')
    await transaction.commit()
    expect(text(await db.get('a'))).toBe('3')
  })

  it('take the snapshot with the next key when told so', async () => {
    using transaction = db.beginTransaction()
    transaction.setSnapshotOnNextOperation()
    await db.put('a', '1')
    await transaction.put('a', '2')
    expect(transaction.snapshot!.sequence).toBe(db.latestSequence)
    await db.put('b', '1')
    await expect(transaction.put('b', '2')).rejects.toThrow(BusyError)
    transaction.clearSnapshot()
    await transaction.put('b', '2')
  })

  it('find deadlocks before they wait', async () => {
    using first = db.beginTransaction({ deadlockDetect: true })
    using second = db.beginTransaction({ deadlockDetect: true })
    await first.put('a', '1')
    await second.put('b', '2')
    const waiting = first.put('b', '1')
    await expect(second.getForUpdate('a')).rejects.toThrow(DeadlockError)
    expect(db.getDeadlockInfoBuffer()).toMatchObject([
      { steps: [{ transactionId: second.id }, { transactionId: first.id }] },
    ])
    await second.rollback()
    await waiting
    await first.commit()
    expect(text(await db.get('b'))).toBe('1')
  })

  it('give up their locks when they have expired, and do not commit', async () => {
    using short = db.beginTransaction({ expirationMs: 30 })
    await short.put('a', 'short')
    using other = db.beginTransaction()
    const waiting = other.put('a', 'other')
    await clock.advance(30)
    await waiting
    expect(short.state).toBe('locksStolen')
    await expect(short.commit()).rejects.toThrow(TransactionExpiredError)
    await short.rollback()
    await other.commit()
    expect(text(await db.get('a'))).toBe('other')
    using unused = db.beginTransaction({ expirationMs: 1 })
    await unused.put('a', 'late')
    await clock.advance(1)
    await expect(unused.commit()).rejects.toThrow(TransactionExpiredError)
  })

  it('go back to save points and unlock what was locked since', async () => {
    using transaction = db.beginTransaction()
    await transaction.put('a', '1')
    transaction.setSavePoint()
    await transaction.put('a', '2')
    await transaction.put('b', '2')
    transaction.setSavePoint()
    await transaction.getForUpdate('c')
    transaction.popSavePoint()
    expect(db.getLockStatusData()).toHaveLength(3)
    transaction.rollbackToSavePoint()
    expect(db.getLockStatusData()).toHaveLength(1)
    expect(text(await transaction.get('a'))).toBe('1')
    expect(() => transaction.rollbackToSavePoint()).toThrow(/save point/)
  })

  it('take reads for update back', async () => {
    using transaction = db.beginTransaction()
    await transaction.getForUpdate('a')
    await transaction.getForUpdate('a')
    transaction.undoGetForUpdate('a')
    expect(db.getLockStatusData()).toHaveLength(1)
    transaction.undoGetForUpdate('a')
    expect(db.getLockStatusData()).toHaveLength(0)
    await transaction.put('b', '1')
    await transaction.getForUpdate('b')
    transaction.undoGetForUpdate('b')
    await transaction.getForUpdate('c')
    transaction.setSavePoint().undoGetForUpdate('c')
    expect(db.getLockStatusData()).toHaveLength(2)
  })

  it('refuse what they do not do', async () => {
    await expect(db.deleteRange('a', 'b')).rejects.toThrow(UnsupportedError)
    expect(() => db.beginTransaction({ optimistic: true })).toThrow(UnsupportedError)
    expect(() => db.beginTransaction({ lockTimeout: 1 } as object)).toThrow(InvalidOptionError)
    const named = db.beginTransaction().setName('one')
    expect(() => db.beginTransaction().setName('one')).toThrow(InvalidOptionError)
    await expect(db.beginTransaction().prepare()).rejects.toThrow(InvalidOptionError)
    expect(db.getTransactionByName('one')).toBe(named)
  })

  it('wait for each other and not for ever when the database closes', async () => {
    using first = db.beginTransaction()
    await first.put('a', '1')
    using second = db.beginTransaction({ lockTimeoutMs: -1 })
    const waiting = expect(second.put('a', '2')).rejects.toThrow()
    await db.close()
    await waiting
  })

  it('lose no increment of counters, whatever the interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ keys: fc.array(fc.nat(2), { minLength: 1, maxLength: 3 }) }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (tasks) => {
          for (let i = 0; i < 3; i++) await db.delete(`n${i}`)
          await Promise.all(
            tasks.map(async ({ keys }, i) => {
              for (;;) {
                using transaction = db.beginTransaction({ deadlockDetect: true })
                try {
                  for (const key of keys) {
                    const value = Number(text(await transaction.getForUpdate(`n${key}`)) ?? '0')
                    if (i === 0) await db.flush()
                    await transaction.put(`n${key}`, String(value + 1))
                  }
                  await transaction.commit()
                  return
                } catch (error) {
                  expect(error).toBeInstanceOf(DeadlockError)
                }
              }
            }),
          )
          for (let i = 0; i < 3; i++) {
            const expected = tasks.flatMap(({ keys }) => keys).filter((key) => key === i).length
            expect(Number(text(await db.get(`n${i}`)) ?? '0')).toBe(expected)
          }
          expect(db.getLockStatusData()).toEqual([])
        },
      ),
      { numRuns: 30 },
    )
  })

  describe('in two phases', () => {
    const begin = async (name: string, key: string): Promise<Transaction> => {
      const transaction = db.beginTransaction().setName(name)
      await transaction.put(key, name)
      await transaction.delete('gone')
      await transaction.prepare({ sync: true })
      return transaction
    }
    const reopen = async (how: 'close' | 'kill'): Promise<void> => {
      if (how === 'kill') {
        const copy = fileSystem.forkAfterProcessDeath()
        await db.close()
        fileSystem = copy
      } else {
        await db.close()
      }
      db = await open()
    }

    it('are written at the commit, and hold their locks until then', async () => {
      await db.put('gone', '1')
      const transaction = await begin('one', 'a')
      expect(db.getAllPreparedTransactions()).toEqual([transaction])
      expect(await db.get('a')).toBeUndefined()
      await expect(transaction.put('b', '1')).rejects.toThrow(NotOpenError)
      expect(() => db.putSync('gone', '2')).toThrow(LockTimeoutError)
      await transaction.commit()
      expect(text(await db.get('a'))).toBe('one')
      expect(await db.get('gone')).toBeUndefined()
      const rolledBack = await begin('two', 'a')
      await rolledBack.rollback()
      expect(text(await db.get('a'))).toBe('one')
      expect(db.getAllPreparedTransactions()).toEqual([])
      await reopen('kill')
      expect(text(await db.get('a'))).toBe('one')
      expect(await db.get('gone')).toBeUndefined()
      expect(db.getAllPreparedTransactions()).toEqual([])
    })

    it('are there after a restart, through flushes, when they were committed', async () => {
      await begin('one', 'one')
      await db.getTransactionByName('one')!.commit()
      for (let round = 0; round < 3; round++) {
        await db.put(`k${round}`, 'v')
        await db.flush()
        await reopen(round === 1 ? 'close' : 'kill')
      }
      expect(text(await db.get('one'))).toBe('one')
      expect(db.getAllPreparedTransactions()).toEqual([])
    })
  })
})

describe('prepared transactions after a restart', () => {
  it('keep their logs and locks until they are decided', async () => {
    let fileSystem = new MemoryFileSystem()
    const open = (): Promise<TransactionDB> =>
      TransactionDB.open('/db', {
        fileSystem,
        createIfMissing: true,
        columnFamilies: { other: {} },
      })
    let db = await open()
    for (const name of ['commit', 'rollback', 'stay']) {
      const transaction = db.beginTransaction().setName(name)
      await transaction.put(`key of ${name}`, 'default')
      await transaction.put(`key of ${name}`, 'other', { cf: db.columnFamily('other') })
      await transaction.prepare()
    }
    for (let round = 0; round < 3; round++) {
      await db.put('filler', String(round))
      await db.flush()
      const copy = fileSystem.forkAfterProcessDeath()
      await db.close()
      fileSystem = copy
      db = await open()
      expect(db.getAllPreparedTransactions().map(({ name }) => name)).toEqual([
        'commit',
        'rollback',
        'stay',
      ])
      expect(() => db.putSync('key of stay', '')).toThrow(LockTimeoutError)
    }
    await db.getTransactionByName('commit')!.commit()
    await db.getTransactionByName('rollback')!.rollback()
    // The commit is in a memtable; the prepare is in a log that is long flushed.
    const copy = fileSystem.forkAfterProcessDeath()
    await db.close()
    fileSystem = copy
    db = await open()
    expect(text(await db.get('key of commit'))).toBe('default')
    expect(text(await db.get('key of commit', { cf: db.columnFamily('other') }))).toBe('other')
    expect(await db.get('key of rollback')).toBeUndefined()
    expect(db.getAllPreparedTransactions().map(({ name }) => name)).toEqual(['stay'])
    await db.checkpoint('/copy')
    await using second = await TransactionDB.open('/copy', {
      fileSystem,
      columnFamilies: '*',
    })
    expect(second.getAllPreparedTransactions().map(({ name }) => name)).toEqual(['stay'])
    await second.getTransactionByName('stay')!.commit()
    expect(text(await second.get('key of stay'))).toBe('default')
    await db.getTransactionByName('stay')!.rollback()
    await db.put('filler', 'last')
    await db.flush()
    expect((await fileSystem.list('/db')).filter((name) => name.endsWith('.log'))).toHaveLength(1)
    await db.close()
    // Who does not decide transactions leaves them where they are.
    await using plain = await DB.open('/db', { fileSystem, columnFamilies: '*' })
    expect(await plain.get('key of stay')).toBeUndefined()
  })
})
