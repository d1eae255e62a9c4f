import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { DB, WriteBatch, type EventListener, type MemTableInfo } from '../index.ts'

afterEach(() => assertNoOpenResources())

const files = (db: DB, cf = db.defaultColumnFamily): number =>
  db.getIntProperty('rocksdb.total-sst-files-size', { cf })! > 0 ? 1 : 0

describe('flush', () => {
  it('need not be waited for, and waits itself rather than hold writes back', async () => {
    const sealed: MemTableInfo[] = []
    await using db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      listeners: [{ onMemTableSealed: (info) => sealed.push(info) }],
    })
    await db.put('a', '1')
    await db.delete('b')
    await db.flush({ wait: false })
    expect(db.getIntProperty('rocksdb.num-immutable-mem-table')).toBe(1)
    expect(sealed).toEqual([
      { columnFamilyName: 'default', entries: 2, deletions: 1, firstSequence: 1, lastSequence: 2 },
    ])
    await db.put('c', '1', { disableWal: true })
    const second = db.flush({ wait: false })
    await db.flush({ allowWriteStall: true })
    await second
    expect(db.getIntProperty('rocksdb.num-immutable-mem-table')).toBe(0)
    expect(db.getProperty('rocksdb.num-files-at-level0')).toBe('2')
    await db.put('d', '1')
    await db.syncWal()
  })

  it('of one family flushes all together with atomicFlush', async () => {
    await using db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      atomicFlush: true,
      columnFamilies: { other: {}, empty: {} },
    })
    const other = db.columnFamily('other')
    await db.put('a', '1')
    await db.put('a', '1', { cf: other })
    await db.flush({ cf: other })
    expect([files(db), files(db, other), files(db, db.columnFamily('empty'))]).toEqual([1, 1, 0])
  })

  it('with atomicFlush keeps what skipped the log for all families or for none, cut at every step', async () => {
    const forks: { readonly disk: MemoryFileSystem; readonly asked: number }[] = []
    const disk = new MemoryFileSystem()
    let asked = 0
    const fork = (): void => void forks.push({ disk: disk.forkAfterPowerLoss(), asked })
    const listener: EventListener = {
      onFlushBegin: fork,
      onFlushCompleted: fork,
      onTableFileCreated: fork,
      onMemTableSealed: fork,
    }
    const options = {
      createIfMissing: true,
      atomicFlush: true,
      columnFamilies: {
        default: { writeBufferSizeBytes: 3000 },
        other: { writeBufferSizeBytes: 9000 },
      },
    }
    {
      await using db = await DB.open('/db', { ...options, fileSystem: disk, listeners: [listener] })
      const cf = db.columnFamily('other')
      for (asked = 1; asked < 150; asked++) {
        const text = String(asked)
        const batch = new WriteBatch().put('last', text).put('last', text, { cf })
        batch.put(`key${asked % 13}`, 'x'.repeat(asked))
        await db.write(batch, { disableWal: true })
        if (asked % 10 === 0) {
          const step = setInterval(fork, 0)
          await db.flush({ wait: asked % 20 === 0 })
          clearInterval(step)
        }
        if (asked % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
        if (asked % 3 === 0) fork()
      }
    }
    fork()
    expect(forks.length).toBeGreaterThan(100)
    const seen = new Set<number>()
    for (const { disk: fileSystem, asked: bound } of forks) {
      await using db = await DB.open('/db', { ...options, fileSystem })
      const last = Number((await db.get('last', { encoding: 'utf8' })) ?? 0)
      const cf = db.columnFamily('other')
      expect(Number((await db.get('last', { cf, encoding: 'utf8' })) ?? 0)).toBe(last)
      expect(last).toBeLessThanOrEqual(bound)
      seen.add(last)
    }
    expect(seen.size).toBeGreaterThan(5)
  })
})
