import { utf8Text } from '@varve/base'
import { assertNoOpenResources, VirtualClock } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, test } from 'vitest'

import { DB, type ColumnFamilyOptions } from '../index.ts'

afterEach(assertNoOpenResources)

const startMs = 1_795_200_249_000

interface Opened extends AsyncDisposable {
  readonly db: DB
  readonly clock: VirtualClock
  readonly reasons: string[]
}

async function open(
  options: ColumnFamilyOptions,
  fileSystem: MemoryFileSystem = new MemoryFileSystem(),
): Promise<Opened> {
  const clock = new VirtualClock(startMs)
  const reasons: string[] = []
  const db = await DB.open('/db', {
    fileSystem,
    clock,
    createIfMissing: true,
    columnFamilies: { default: { compression: 'none', ...options } },
    listeners: [
      { onCompactionCompleted: ({ reason, kind }) => void reasons.push(`${reason} ${kind}`) },
    ],
  })
  return { db, clock, reasons, [Symbol.asyncDispose]: () => db.close() }
}

async function table(db: DB, ...keys: string[]): Promise<void> {
  for (const key of keys) await db.put(key, 'v'.repeat(1000))
  await db.flush()
}

async function keysOf(db: DB): Promise<string> {
  const keys: string[] = []
  for await (const [key] of db.range()) keys.push(utf8Text(key))
  return keys.join(' ')
}

describe('FIFO compaction', () => {
  test('deletes the oldest tables when all are too large', async () => {
    await using opened = await open({
      compactionStyle: 'fifo',
      compactionOptionsFifo: { maxTableFilesSize: 7500 },
    })
    const { db, reasons } = opened
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await table(db, key)
    await db.waitForCompactions()
    expect(await keysOf(db)).toBe('d e f')
    expect(Number(db.getProperty('rocksdb.total-sst-files-size'))).toBeLessThanOrEqual(7500)
    expect(new Set(reasons)).toEqual(new Set(['fifoMaxSize drop']))
  })

  test('deletes old tables, also when nothing else happens', async () => {
    await using opened = await open({ compactionStyle: 'fifo', ttl: 7200 })
    const { db, clock, reasons } = opened
    await table(db, 'a')
    await clock.advance(5_000_000)
    await table(db, 'b')
    await clock.advance(2_000_000)
    await db.waitForCompactions()
    expect(await keysOf(db)).toBe('a b')
    await clock.advance(3_600_000)
    await db.waitForCompactions()
    expect(await keysOf(db)).toBe('b')
    expect(reasons).toEqual(['fifoTtl drop'])
  })

  test('merges small tables when that is allowed', async () => {
    await using opened = await open({
      compactionStyle: 'fifo',
      compactionOptionsFifo: { allowCompaction: true },
      level0FileNumCompactionTrigger: 3,
    })
    const { db } = opened
    for (const key of ['a', 'b', 'a', 'c']) await table(db, key)
    await db.waitForCompactions()
    expect(Number(db.getProperty('rocksdb.num-files-at-level0'))).toBeLessThan(4)
    expect(await keysOf(db)).toBe('a b c')
  })

  test('does not slow writes for the number of its tables', async () => {
    await using opened = await open({
      compactionStyle: 'fifo',
      level0SlowdownWritesTrigger: 2,
      level0StopWritesTrigger: 3,
    })
    const { db } = opened
    for (let n = 0; n < 6; n++) await table(db, `k${n}`)
    expect(db.getProperty('rocksdb.is-write-stopped')).toBe('0')
    expect(await keysOf(db)).toBe('k0 k1 k2 k3 k4 k5')
  })
})

describe('ages of tables', () => {
  test('ttl takes old data down, so that what is deleted goes', async () => {
    await using opened = await open({ ttl: 3600, levelCompactionDynamicLevelBytes: false })
    const { db, clock, reasons } = opened
    await table(db, 'a', 'b')
    await db.compactRange()
    await db.compactRange({ changeLevel: true, targetLevel: 2 })
    await db.delete('a')
    await db.flush()
    await db.waitForCompactions()
    reasons.splice(0)
    await clock.advance(7_300_000)
    await db.waitForCompactions()
    expect(reasons).toEqual(['ttl move', 'ttl rewrite'])
    expect(await keysOf(db)).toBe('b')
  })

  test('periodicCompactionSeconds rewrites old tables where they are', async () => {
    await using opened = await open({ ttl: 0, periodicCompactionSeconds: 3600 })
    const { db, clock, reasons } = opened
    await table(db, 'a')
    await db.compactRange()
    reasons.splice(0)
    await clock.advance(7_300_000)
    await db.waitForCompactions()
    expect(reasons).toEqual(['periodic rewrite'])
    await clock.advance(3_000_000)
    await db.waitForCompactions()
    expect(reasons).toHaveLength(1)
  })

  test('with universal compaction rewrite everything', async () => {
    await using opened = await open({ compactionStyle: 'universal', ttl: 3600 })
    const { db, clock, reasons } = opened
    await table(db, 'a', 'b')
    await table(db, 'b', 'c')
    await clock.advance(7_300_000)
    await db.waitForCompactions()
    expect(reasons).toEqual(['periodic rewrite'])
    expect(db.getProperty('rocksdb.num-files-at-level6')).toBe('1')
  })
})

describe('a snapshot that is released', () => {
  test('gives free what it alone has kept at the bottom', async () => {
    await using opened = await open({})
    const { db, reasons } = opened
    await table(db, 'a', 'b', 'c')
    const snapshot = db.snapshot()
    await db.delete('a')
    await db.put('b', 'new')
    await db.compactRange()
    reasons.splice(0)
    await db.waitForCompactions()
    expect(reasons).toEqual([])
    await db.put('d', 'newer')
    snapshot.release()
    await db.waitForCompactions()
    expect(reasons).toEqual(['bottommostFiles rewrite'])
    expect(await keysOf(db)).toBe('b c d')
    await db.waitForCompactions()
    expect(reasons).toHaveLength(1)
  })
  test('is gone when its process has ended: what it kept goes after the next opening', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using opened = await open({}, fileSystem)
      const { db } = opened
      await table(db, 'a', 'b', 'c')
      const snapshot = db.snapshot()
      await db.delete('a')
      await db.compactRange()
      expect(await db.get('a', { snapshot })).toBeDefined()
      await db.close()
      snapshot.release()
    }
    await using opened = await open({}, fileSystem)
    const { db, reasons } = opened
    await db.waitForCompactions()
    expect(reasons).toEqual(['bottommostFiles rewrite'])
    expect(await keysOf(db)).toBe('b c')
  })
})
