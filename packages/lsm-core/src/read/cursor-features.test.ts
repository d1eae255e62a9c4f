import { NotOpenError, UnsupportedError, utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { fc } from '@fast-check/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB, type Cursor } from '../index.ts'

const keysFrom = (cursor: Cursor): string[] => {
  const keys: string[] = []
  for (; cursor.valid; cursor.next()) keys.push(utf8Text(cursor.key))
  return keys
}

describe('cursors', () => {
  let db: DB
  beforeEach(async () => {
    db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      columnFamilies: { default: { prefixExtractor: 'fixed:2' }, other: {} },
    })
  })
  afterEach(async () => {
    await db.close()
    assertNoOpenResources()
  })

  it('of several families see one moment', async () => {
    const cf = db.columnFamily('other')
    await db.put('a', '1')
    await db.put('a', '1', { cf })
    const cursors = db.cursors([db.defaultColumnFamily, cf])
    await db.put('b', '2')
    await db.put('b', '2', { cf })
    for (const cursor of cursors) {
      cursor.seekToFirst()
      expect(keysFrom(cursor)).toEqual(['a'])
      cursor.close()
    }
  })

  it('take the present state, or that of a snapshot, when they are refreshed', async () => {
    await db.put('a', '1')
    using cursor = db.cursor()
    cursor.seekToFirst()
    using snapshot = db.snapshot()
    await db.put('b', '2')
    await db.deleteRange('a', 'aa')
    await db.flush()
    cursor.refresh()
    expect(cursor.valid).toBe(false)
    cursor.seekToFirst()
    expect(keysFrom(cursor)).toEqual(['b'])
    cursor.refresh(snapshot)
    cursor.seekToFirst()
    expect(keysFrom(cursor)).toEqual(['a'])
    cursor.close()
    expect(() => cursor.refresh()).toThrow(NotOpenError)
  })

  it('end with the prefix that was sought', async () => {
    for (const key of ['aa1', 'aa2', 'ab1', 'ab2', 'b', 'ba1']) await db.put(key, '')
    using cursor = db.cursor({ prefixSameAsStart: true })
    cursor.seek('aa2')
    expect(keysFrom(cursor)).toEqual(['aa2'])
    cursor.seek('ab')
    expect(keysFrom(cursor)).toEqual(['ab1', 'ab2'])
    cursor.seek('ac')
    expect(cursor.valid).toBe(false)
    cursor.seekForPrev('ab9')
    cursor.prev()
    expect(utf8Text(cursor.key)).toBe('ab1')
    cursor.prev()
    expect(cursor.valid).toBe(false)
    cursor.seekToFirst()
    expect(keysFrom(cursor)).toEqual(['aa1', 'aa2'])
    cursor.seek('b')
    expect(keysFrom(cursor)).toEqual(['b', 'ba1'])
    using unbound = db.cursor()
    unbound.seek('ab')
    expect(keysFrom(unbound)).toHaveLength(4)
  })

  it('read memtables only, when told so', async () => {
    await db.put('a', '1')
    await db.flush()
    await db.put('b', '2')
    using cursor = db.cursor({ readTier: 'memtable' })
    cursor.seekToFirst()
    expect(keysFrom(cursor)).toEqual(['b'])
  })

  it('leave the cache alone, when told so', async () => {
    for (let i = 0; i < 500; i++) await db.put(`key${i}`, 'value'.repeat(20))
    await db.flush()
    const used = (): number => Number(db.getProperty('rocksdb.block-cache-usage'))
    const before = used()
    using cursor = db.cursor({ fillCache: false, readaheadBytes: 16384 })
    cursor.seekToFirst()
    expect(keysFrom(cursor)).toHaveLength(500)
    expect(used()).toBe(before)
    using filling = db.cursor()
    filling.seekToFirst()
    keysFrom(filling)
    expect(used()).toBeGreaterThan(before)
  })

  it('that tail go forward only', () => {
    using cursor = db.cursor({ tailing: true })
    expect(() => cursor.prev()).toThrow(UnsupportedError)
    expect(() => cursor.seekToLast()).toThrow(UnsupportedError)
    expect(() => cursor.seekForPrev('a')).toThrow(UnsupportedError)
  })

  it('that tail see every key that comes behind their place, through flush and compaction', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ what: fc.constant('put' as const), n: fc.nat(99) }),
            fc.record({ what: fc.constant('delete' as const), n: fc.nat(99) }),
            fc.record({ what: fc.constant('seek' as const), n: fc.nat(99) }),
            fc.constant({ what: 'next' as const, n: 0 }),
            fc.constant({ what: 'flush' as const, n: 0 }),
            fc.constant({ what: 'compact' as const, n: 0 }),
          ),
          { maxLength: 60 },
        ),
        async (steps) => {
          await db.deleteRange('t', 'u')
          const model = new Set<string>()
          using cursor = db.cursor({ gte: 't', lt: 'u', tailing: true })
          cursor.seekToFirst()
          let place = ''
          for (const { what, n } of steps) {
            const key = `t${String(n).padStart(2, '0')}`
            const sorted = (): string[] => [...model].sort()
            if (what === 'put') {
              await db.put(key, '')
              model.add(key)
            } else if (what === 'delete') {
              await db.delete(key)
              model.delete(key)
            } else if (what === 'flush') await db.flush()
            else if (what === 'compact') await db.compactRange()
            else {
              if (what === 'seek') cursor.seek(key)
              else cursor.next()
              const expected = sorted().find((k) => (what === 'seek' ? k >= key : k > place))
              expect(cursor.valid ? utf8Text(cursor.key) : undefined).toBe(expected)
              if (expected !== undefined) place = expected
              else if (what === 'seek') {
                // Behind the end there is no place to keep.
                cursor.seekToFirst()
                place = cursor.valid ? utf8Text(cursor.key) : ''
              }
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
