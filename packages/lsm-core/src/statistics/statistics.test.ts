import { InvalidOptionError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, expect, it } from 'vitest'

import { DB, Statistics, WriteBatch, type TickerName } from '../index.ts'

afterEach(() => assertNoOpenResources())

it('statistics count reads, writes, moves of cursors and syncs, under the names of RocksDB', async () => {
  const statistics = new Statistics()
  const count = (name: string): number => statistics.getTickerCount(`rocksdb.${name}` as TickerName)
  {
    const fileSystem = new MemoryFileSystem()
    await using db = await DB.open('/db', { fileSystem, createIfMissing: true, statistics })
    await db.write(new WriteBatch().put('a', '1').put('b', '22').delete('c'), { sync: true })
    await db.put('d', '4', { disableWal: true })
    db.putSync('e', '5')
    expect(count('number.keys.written')).toBe(5)
    expect(count('write.wal')).toBe(2)
    expect(count('wal.synced')).toBe(1)
    expect(count('wal.bytes')).toBeLessThan(count('bytes.written'))
    expect(statistics.getHistogramData('rocksdb.bytes.per.write').count).toBe(3)
    expect(statistics.getHistogramData('rocksdb.db.write.micros').count).toBe(2)

    await db.get('b')
    await db.flush()
    await db.get('b')
    await db.get('b')
    await db.get('missing')
    expect(count('number.keys.read')).toBe(4)
    expect(count('bytes.read')).toBe(6)
    expect([count('memtable.hit'), count('memtable.miss')]).toEqual([1, 3])
    expect(count('block.cache.miss')).toBe(1)
    expect(count('block.cache.hit')).toBeGreaterThan(0)
    expect(count('flush.write.bytes')).toBeGreaterThan(0)
    expect(statistics.getHistogramData('rocksdb.db.flush.micros').count).toBe(1)
    await db.multiGet(['a', 'b', 'x'])
    expect([count('number.multiget.keys.read'), count('number.multiget.keys.found')]).toEqual([
      3, 2,
    ])
    expect(count('number.multiget.bytes.read')).toBe(3)

    using cursor = db.cursor()
    for (cursor.seekToFirst(); cursor.valid; cursor.next());
    expect(count('number.db.seek')).toBe(1)
    expect([count('number.db.next'), count('number.db.next.found')]).toEqual([4, 3])
    expect(count('db.iter.bytes.read')).toBe(9)
    expect(statistics.getHistogramData('rocksdb.db.seek.micros').count).toBe(1)
  }
  expect(count('num.iterator.deleted')).toBe(1)
  expect(statistics.toString()).toMatch(/^rocksdb\.number\.keys\.read COUNT : 4$/m)
  expect(statistics.toString()).toMatch(/^rocksdb\.db\.get\.micros P50 : [\d.]+ .* COUNT : 4 /m)
  expect(statistics.getAndResetTickerCount('rocksdb.block.cache.miss')).toBeGreaterThan(0)
  expect(count('block.cache.miss')).toBe(0)
  statistics.reset()
  expect(statistics.getHistogramData('rocksdb.db.get.micros').count).toBe(0)
  expect(() => statistics.getTickerCount('rocksdb.unknown' as TickerName)).toThrow(
    InvalidOptionError,
  )
})
