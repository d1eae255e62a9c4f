import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import { DB } from '../index.ts'

describe('approximateSizes', () => {
  it('grows with the range and leaves out memtables and what lies outside', async () => {
    await using db = await DB.open('/db', {
      createIfMissing: true,
      fileSystem: new MemoryFileSystem(),
      columnFamilies: { default: { compression: 'none' } },
    })
    for (let i = 0; i < 100; i++) await db.put(`k${String(i).padStart(2, '0')}`, 'v'.repeat(1000))
    expect(db.approximateSizes([{}])).toEqual([0])
    await db.flush()
    const [all, half, none, inverted] = db.approximateSizes([
      {},
      { gte: 'k25', lt: 'k75' },
      { gte: 'x' },
      { gte: 'k75', lt: 'k25' },
    ])
    expect(all).toBeGreaterThan(100_000)
    expect(half).toBeGreaterThan(40_000)
    expect(half).toBeLessThan(60_000)
    expect([none, inverted]).toEqual([0, 0])
  })
})

describe('single writes of other kinds', () => {
  it('delete ranges and single keys, and merge', async () => {
    await using db = await DB.open('/db', {
      createIfMissing: true,
      fileSystem: new MemoryFileSystem(),
      columnFamilies: { default: { mergeOperator: 'stringappend' } },
    })
    for (const key of ['a', 'b', 'c', 'd']) await db.put(key, key)
    await db.deleteRange('a', 'c')
    await db.singleDelete('c')
    await db.merge('d', 'e')
    expect(await db.multiGet(['a', 'b', 'c'])).toEqual([undefined, undefined, undefined])
    expect(await db.get('d', { encoding: 'utf8' })).toBe('d,e')
  })
})
