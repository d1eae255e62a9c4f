import { BusyError, NotOpenError, utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { fc } from '@fast-check/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB } from '../index.ts'

describe('optimistic transactions', () => {
  let db: DB
  beforeEach(async () => {
    db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      columnFamilies: { default: { mergeOperator: 'stringappend' }, other: {} },
    })
  })
  afterEach(async () => {
    await db.close()
    assertNoOpenResources()
  })
  const text = (value: Uint8Array | undefined): string | undefined =>
    value === undefined ? undefined : utf8Text(value)

  it('see their own writes and commit them at once', async () => {
    await db.put('a', '1')
    const cf = db.columnFamily('other')
    using transaction = db.beginTransaction({ optimistic: true })
    transaction.put('b', '2').delete('a').merge('m', 'x').merge('m', 'y').put('b', 'o', { cf })
    expect(text(await transaction.get('b'))).toBe('2')
    expect(text(await transaction.get('b', { cf }))).toBe('o')
    expect(await transaction.get('a')).toBeUndefined()
    expect(text(transaction.getSync('m'))).toBe('x,y')
    expect(await db.multiGet(['b', 'm'])).toEqual([undefined, undefined])
    await db.put('m', 'w')
    expect(text(transaction.getSync('m'))).toBe('w,x,y')
    transaction.rollback()
    await expect(transaction.commit()).rejects.toThrow(NotOpenError)
    expect(text(await db.get('a'))).toBe('1')
  })

  it('fail when a key that they wrote or read for update was changed by others', async () => {
    const changes: readonly (() => Promise<void>)[] = [
      () => db.put('k', 'other'),
      () => db.delete('k'),
      () => db.deleteRange('a', 'z'),
      () => db.put('k', 'other').then(() => db.flush()),
      () => db.delete('k').then(() => db.compactRange()),
      () => db.deleteRange('a', 'z').then(() => db.compactRange()),
    ]
    for (const change of changes) {
      await db.put('k', 'before')
      using reader = db.beginTransaction({ optimistic: true })
      using writer = db.beginTransaction({ optimistic: true })
      using early = db.beginTransaction({ optimistic: true, snapshot: true })
      using bystander = db.beginTransaction({ optimistic: true })
      await reader.getForUpdate('k')
      reader.put('result', '1')
      writer.put('k', 'mine')
      await bystander.get('k')
      await change()
      early.put('k', 'mine')
      bystander.put('bystander', '1')
      await expect(reader.commit()).rejects.toThrow(BusyError)
      await expect(writer.commit()).rejects.toThrow(BusyError)
      await expect(early.commit()).rejects.toThrow(BusyError)
      await bystander.commit()
      expect(await db.get('result')).toBeUndefined()
      expect(text(await db.get('k'))).not.toBe('mine')
    }
  })

  it('conflict also with writes that were asked for in the same turn', async () => {
    const first = db.beginTransaction({ optimistic: true }).put('k', 'first')
    const second = db.beginTransaction({ optimistic: true }).put('k', 'second')
    const outcomes = await Promise.allSettled([db.put('x', ''), first.commit(), second.commit()])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(text(await db.get('k'))).toBe('first')
  })

  it('go back to save points and forget the keys since', async () => {
    using transaction = db.beginTransaction({ optimistic: true })
    transaction.put('a', '1').setSavePoint().put('b', '2').put('a', '3').setSavePoint()
    await transaction.getForUpdate('c')
    transaction.rollbackToSavePoint()
    expect(text(transaction.getSync('a'))).toBe('3')
    transaction.rollbackToSavePoint()
    expect(text(transaction.getSync('a'))).toBe('1')
    expect(transaction.getSync('b')).toBeUndefined()
    await db.put('b', 'other')
    await db.put('c', 'other')
    await transaction.commit({ sync: true })
    expect(text(await db.get('b'))).toBe('other')
  })

  it('read the state of their snapshot', async () => {
    await db.put('a', '1')
    using transaction = db.beginTransaction({ optimistic: true, snapshot: true })
    await db.put('a', '2')
    expect(text(await transaction.get('a'))).toBe('1')
    await expect(
      db.beginTransaction({ optimistic: true }).put('a', '3').commit(),
    ).resolves.toBeUndefined()
  })

  it('are serial: counters that are read and written lose no increment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ counter: fc.nat(2), pause: fc.nat(3) }), {
          minLength: 1,
          maxLength: 20,
        }),
        async (tasks) => {
          await db.deleteRange('counter', 'counterz')
          await Promise.all(
            tasks.map(async ({ counter, pause }, i) => {
              const key = `counter${counter}`
              for (;;) {
                using transaction = db.beginTransaction({ optimistic: true })
                const value = Number(text(await transaction.getForUpdate(key)) ?? '0')
                for (let n = 0; n < pause; n++) await Promise.resolve()
                if (i === 0) await db.flush()
                transaction.put(key, String(value + 1))
                try {
                  await transaction.commit()
                  return
                } catch (error) {
                  expect(error).toBeInstanceOf(BusyError)
                }
              }
            }),
          )
          for (let counter = 0; counter < 3; counter++) {
            const expected = tasks.filter((task) => task.counter === counter).length
            expect(Number(text(await db.get(`counter${counter}`)) ?? '0')).toBe(expected)
          }
        },
      ),
      { numRuns: 30 },
    )
  })
})
