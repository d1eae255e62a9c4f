import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { utf8Bytes, utf8Text } from '@varve/base'
import { assertNoOpenResources, VirtualClock } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, test } from 'vitest'

import { DB, type ColumnFamilyOptions, type CompactionFilter } from '../index.ts'

afterEach(assertNoOpenResources)

const filterModule = new URL('../../test/drop-odd-filter.ts', import.meta.url)

async function contentOf(db: DB): Promise<Record<string, string>> {
  const content: Record<string, string> = {}
  for await (const [key, value] of db.range()) content[utf8Text(key)] = utf8Text(value)
  return content
}

/** Removes values that begin with `old`, and shortens long ones. */
const removeOld: CompactionFilter = {
  name: 'test.RemoveOld',
  filter(_level, _key, value) {
    const text = utf8Text(value)
    if (text.startsWith('old')) return 'remove'
    return text.length > 5 ? { changeValue: utf8Bytes(text.slice(0, 5)) } : 'keep'
  },
}

function open(
  fileSystem: MemoryFileSystem,
  options: ColumnFamilyOptions,
  clock?: VirtualClock,
): Promise<DB> {
  return DB.open('/db', {
    fileSystem,
    createIfMissing: true,
    columnFamilies: { default: options },
    ...(clock === undefined ? {} : { clock }),
  })
}

describe('a compaction filter', () => {
  test('given as an object removes and changes what is compacted, not what is flushed', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await open(fileSystem, { compactionFilter: removeOld })
    await db.put('a', 'old a')
    await db.put('b', 'long enough')
    await db.put('c', 'short')
    await db.flush()
    expect(await contentOf(db)).toEqual({ a: 'old a', b: 'long enough', c: 'short' })
    await db.compactRange()
    expect(await contentOf(db)).toEqual({ b: 'long ', c: 'short' })
    // The bottommost level is compacted again because there is a filter.
    expect(db.getProperty('rocksdb.num-files-at-level6')).toBe('1')
    await db.put('d', 'old d')
    await db.compactRange({ bottommostLevelCompaction: 'skip' })
    expect(await contentOf(db)).toEqual({ b: 'long ', c: 'short' })
  })

  test('what it removes does not come back from below', async () => {
    const fileSystem = new MemoryFileSystem()
    const filter: CompactionFilter = {
      name: 'test.RemoveNew',
      filter: (_level, _key, value) => (utf8Text(value) === 'new' ? 'remove' : 'keep'),
    }
    await using db = await open(fileSystem, {
      compactionFilter: filter,
      levelCompactionDynamicLevelBytes: false,
      disableAutoCompactions: true,
    })
    await db.put('a', 'below')
    await db.compactRange()
    await db.compactRange({ changeLevel: true, targetLevel: 3 })
    await db.put('a', 'new')
    await db.flush()
    await db.compactRange({ bottommostLevelCompaction: 'skip' })
    expect(await contentOf(db)).toEqual({})
  })

  test('given as a module is loaded by the threads that compact', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'varve-filter-'))
    try {
      await using db = await DB.open(directory, {
        createIfMissing: true,
        background: 'worker',
        columnFamilies: {
          default: {
            compactionFilter: { module: filterModule, export: 'dropOdd', options: { mark: '!' } },
          },
        },
      })
      for (let n = 0; n < 10; n++) await db.put(`key${n}`, `${n}`)
      await db.compactRange()
      expect(await contentOf(db)).toEqual({
        key0: '0!default',
        key2: '2!default',
        key4: '4!default',
        key6: '6!default',
        key8: '8!default',
      })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test('that cannot be loaded stops writes, with the reason', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await open(fileSystem, {
      compactionFilter: { module: filterModule, export: 'notAFilter' },
    })
    await db.put('a', '1')
    await expect(db.compactRange()).rejects.toThrow('exports no compaction filter as "notAFilter"')
    await expect(db.put('b', '1')).rejects.toMatchObject({ code: 'VARVE_READ_ONLY' })
    expect(await contentOf(db)).toEqual({ a: '1' })
  })

  test('sees values of families with times without their time, which they keep', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = new VirtualClock(1_795_200_249_000)
    await using db = await open(fileSystem, { compactionFilter: removeOld, ttlSeconds: 60 }, clock)
    await db.put('a', 'old a')
    await db.put('b', 'long enough')
    await db.compactRange()
    expect(await contentOf(db)).toEqual({ b: 'long ' })
    await clock.advance(61_000)
    await db.compactRange()
    expect(await contentOf(db)).toEqual({})
  })

  test('must be one', async () => {
    const fileSystem = new MemoryFileSystem()
    const wrong = { name: 'x' } as unknown as CompactionFilter
    await expect(open(fileSystem, { compactionFilter: wrong })).rejects.toThrow('compactionFilter')
  })
})
