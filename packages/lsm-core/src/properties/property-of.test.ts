import { utf8Text } from '@varve/base'
import { assertNoOpenResources, VirtualClock } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB, Statistics } from '../index.ts'

describe('properties', () => {
  let db: DB
  const clock = new VirtualClock()
  const int = (name: string): number | undefined => db.getIntProperty(`rocksdb.${name}`)
  const text = (name: string): string | undefined => db.getProperty(`rocksdb.${name}`)
  beforeEach(async () => {
    db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      clock,
      createIfMissing: true,
      statistics: new Statistics(),
      columnFamilies: { default: { disableAutoCompactions: true }, other: {} },
    })
    for (let i = 0; i < 100; i++)
      await db.put(`key${String(i).padStart(3, '0')}`, 'value'.repeat(9))
    await db.flush()
    for (let i = 0; i < 10; i++) await db.delete(`key${String(i).padStart(3, '0')}`)
    await db.flush()
    await db.put('key100', '1')
    await db.delete('key050')
  })
  afterEach(async () => {
    await db.close()
    assertNoOpenResources()
  })

  it('are numbers that follow the state', async () => {
    expect(text('num-files-at-level0')).toBe('2')
    expect(text('num-files-at-level7')).toBeUndefined()
    expect(int('estimate-num-keys')).toBe(100 + 10 - 2 * 10 + 2 - 2 * 1)
    expect(int('num-entries-active-mem-table')).toBe(2)
    expect(int('num-deletes-active-mem-table')).toBe(1)
    expect(int('cur-size-active-mem-table')).toBeLessThanOrEqual(int('cur-size-all-mem-tables')!)
    expect([int('num-immutable-mem-table'), int('mem-table-flush-pending')]).toEqual([0, 0])
    expect(int('num-running-compactions')).toBe(0)
    expect(int('is-write-stopped')).toBe(0)
    expect(int('base-level')).toBe(6)
    expect(int('estimate-table-readers-mem')).toBeGreaterThanOrEqual(0)
    expect(int('block-cache-capacity')).toBeGreaterThan(0)
    const before = int('current-super-version-number')!
    const sizes = db.getLiveFilesMetaData().map(({ sizeBytes }) => sizeBytes)
    expect(int('total-sst-files-size')).toBe(sizes[0]! + sizes[1]!)
    // The tombstones are newer and lie within the range of the keys.
    expect(int('estimate-live-data-size')).toBeLessThan(sizes[0]! + sizes[1]!)

    expect([int('num-snapshots'), int('oldest-snapshot-time')]).toEqual([0, 0])
    using snapshot = db.snapshot()
    await clock.advance(5000)
    using second = db.snapshot()
    expect(second.sequence).toBe(snapshot.sequence)
    expect(int('oldest-snapshot-sequence')).toBe(snapshot.sequence)
    expect(int('oldest-snapshot-time')).toBe(Math.floor(clock.now() / 1000) - 5)
    snapshot.release()
    second.release()

    await db.compactRange()
    expect(int('current-super-version-number')).toBeGreaterThan(before)
    expect(int('estimate-num-keys')).toBe(90)
    expect(text('num-files-at-level6')).toBe('1')
    expect(db.getAggregatedIntProperty('rocksdb.estimate-num-keys')).toBe(90)
    expect(db.getAggregatedIntProperty('rocksdb.stats')).toBeUndefined()
    expect(int('stats')).toBeUndefined()
    expect(db.getIntProperty('estimate-num-keys')).toBeUndefined()
  })

  it('describe tables and what compactions have done', async () => {
    await db.compactRange()
    const map = db.getMapProperty('rocksdb.cfstats')!
    expect(map['compaction.L6.Files']).toBe('1')
    expect(Number(map['compaction.Sum.KeyDrop'])).toBeGreaterThan(0)
    expect(text('cfstats')).toMatch(/\*\* Compaction Stats \[default\] \*\*/)
    expect(text('stats')).toMatch(/\[other\][^]*flushes: 3/)
    expect(text('levelstats')!.split('\n')).toHaveLength(2 + 7 + 1)
    expect(text('sstables')).toMatch(
      /--- level 6 ---\n \d+:\d+\[\d+ \.\. \d+\]\["key010" \.\. "key100"\]/,
    )
    expect(text('options-statistics')).toContain('rocksdb.number.keys.written COUNT : 112')
    expect(text('aggregated-table-properties')).toMatch(/# entries=90; # deletions=0;/)
    expect(db.getMapProperty('rocksdb.aggregated-table-properties-at-level6')).toMatchObject({
      num_entries: '90',
      num_deletions: '0',
    })
    expect(text('aggregated-table-properties-at-level0')).toMatch(/# entries=0;/)
    expect(Number(text('compression-ratio-at-level6'))).toBeGreaterThan(1)
    expect(text('compression-ratio-at-level0')).toBe('-1')
    expect(text('no-such-thing')).toBeUndefined()
    expect(db.getMapProperty('rocksdb.levelstats')).toBeUndefined()
  })

  it('of tables are given by name', () => {
    const [newer, older] = db.getLiveFilesMetaData()
    expect(newer).toMatchObject({
      level: 0,
      numEntries: 10,
      numDeletions: 10,
      beingCompacted: false,
    })
    expect(utf8Text(older!.largestKey)).toBe('key099')
    expect(older!.largestSequence - older!.smallestSequence).toBe(99)
    const properties = db.getPropertiesOfAllTables()
    expect(properties.get(older!.name)!.entries).toBe(100)
    const metadata = db.getColumnFamilyMetaData()
    expect(metadata.levels[0]!.files).toHaveLength(2)
    expect(metadata.sizeBytes).toBe(newer!.sizeBytes + older!.sizeBytes)
  })
})
