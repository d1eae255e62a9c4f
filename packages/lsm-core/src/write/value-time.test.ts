import { CorruptionError, utf8Text } from '@varve/base'
import { assertNoOpenResources, VirtualClock } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { WriteBatch } from '@varve/wal'
import { describe, expect, it } from 'vitest'

import { DB, type ColumnFamilyOptions } from '../index.ts'

const startMs = 1_795_200_249_000

async function open(
  fileSystem: MemoryFileSystem,
  clock: VirtualClock,
  timed: ColumnFamilyOptions,
): Promise<DB> {
  const columnFamilies = { timed, plain: {} }
  return DB.open('/db', { fileSystem, clock, createIfMissing: true, columnFamilies })
}

async function contentOf(db: DB, family: string, reverse = false): Promise<Record<string, string>> {
  const content: Record<string, string> = {}
  const cf = db.columnFamily(family)
  for await (const [key, value] of db.range({ cf, reverse })) {
    content[utf8Text(key)] = utf8Text(value)
    expect(await db.get(key, { cf })).toEqual(value)
  }
  return content
}

describe('ttlSeconds', () => {
  it('keeps the time behind each value, hides it from readers, and drops what is old in compaction', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = new VirtualClock(startMs)
    {
      await using db = await open(fileSystem, clock, { ttlSeconds: 60 })
      const cf = db.columnFamily('timed')
      const plain = db.columnFamily('plain')
      await db.write(
        new WriteBatch().put('a', '1', { cf }).put('a', 'plain', { cf: plain }).put('a', 'default'),
      )
      await db.put('b', '1', { cf })
      await db.compactRange({ cf })
      await clock.advance(50_000)
      await db.put('b', '2', { cf })
      await db.put('c', '1', { cf })
      await db.delete('c', { cf })
      await clock.advance(20_000)
      expect(await contentOf(db, 'timed')).toEqual({ a: '1', b: '2' })
      expect(await contentOf(db, 'timed', true)).toEqual({ a: '1', b: '2' })
      {
        using snapshot = db.snapshot()
        await db.compactRange({ cf })
        // As with any compaction filter: what is too old goes although a snapshot sees it.
        expect(await db.get('a', { cf, snapshot, encoding: 'utf8' })).toBeUndefined()
        expect(await db.get('b', { cf, snapshot, encoding: 'utf8' })).toBe('2')
      }
      await db.put('aa', '1', { cf })
      await db.compactRange({ cf })
      expect(await contentOf(db, 'timed')).toEqual({ aa: '1', b: '2' })
      expect(await contentOf(db, 'plain')).toEqual({ a: 'plain' })
      expect(await contentOf(db, 'default')).toEqual({ a: 'default' })
      await clock.advance(3_600_000)
      await db.put('ab', '1', { cf })
      await db.compactRange({ cf })
      expect(await contentOf(db, 'timed')).toEqual({ ab: '1' })
    }
    {
      await using db = await open(fileSystem, clock, {})
      const stored = (await db.get('ab', { cf: db.columnFamily('timed') }))!
      expect(utf8Text(stored.subarray(0, 1))).toBe('1')
      expect(new DataView(stored.buffer, stored.byteOffset).getUint32(1, true)).toBe(
        (startMs + 3_670_000) / 1000,
      )
      await db.put('without', 'x', { cf: db.columnFamily('timed') })
    }
    {
      await using db = await open(fileSystem, clock, { ttlSeconds: 60 })
      await expect(db.get('without', { cf: db.columnFamily('timed') })).rejects.toThrow(
        CorruptionError,
      )
    }
    assertNoOpenResources()
  })

  it('merges what is behind the times, in memory, in flush and in compaction', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = new VirtualClock(startMs)
    const options = { ttlSeconds: 0, mergeOperator: 'stringappend' }
    {
      await using db = await open(fileSystem, clock, options)
      const cf = db.columnFamily('timed')
      for (const operand of ['1', '2']) await db.merge('k', operand, { cf })
      expect(await contentOf(db, 'timed')).toEqual({ k: '1,2' })
      await db.flush()
      for (const operand of ['3', '4']) await db.merge('k', operand, { cf })
      expect(await contentOf(db, 'timed')).toEqual({ k: '1,2,3,4' })
      using transaction = db.beginTransaction({ optimistic: true })
      transaction.merge('k', '5', { cf })
      expect(utf8Text(transaction.getSync('k', { cf })!)).toBe('1,2,3,4,5')
      await transaction.commit()
      await clock.advance(1e9)
      await db.compactRange({ cf })
      expect(await contentOf(db, 'timed', true)).toEqual({ k: '1,2,3,4,5' })
      await db.merge('k', '6', { cf })
    }
    await using db = await open(fileSystem, clock, options)
    expect(await contentOf(db, 'timed')).toEqual({ k: '1,2,3,4,5,6' })
  })
})
