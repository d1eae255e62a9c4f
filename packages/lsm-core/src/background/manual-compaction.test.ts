import { utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, test } from 'vitest'

import { DB, type ColumnFamilyOptions, type CompactionInfo } from '../index.ts'

afterEach(assertNoOpenResources)

interface Opened extends AsyncDisposable {
  readonly db: DB
  /** Compactions so far, as `reason kind level->level`. */
  readonly compactions: string[]
  readonly infos: CompactionInfo[]
  /** Numbers of the tables that were flushed. */
  readonly tables: number[]
}

async function open(options: ColumnFamilyOptions): Promise<Opened> {
  const infos: CompactionInfo[] = []
  const compactions: string[] = []
  const tables: number[] = []
  const db = await DB.open('/db', {
    fileSystem: new MemoryFileSystem(),
    createIfMissing: true,
    columnFamilies: { default: { disableAutoCompactions: true, ...options } },
    listeners: [
      {
        onFlushCompleted: ({ file }) => void tables.push(file!.fileNumber),
        onCompactionCompleted(info) {
          infos.push(info)
          const { reason, kind, inputLevel, outputLevel } = info
          compactions.push(`${reason} ${kind} ${inputLevel}->${outputLevel}`)
        },
      },
    ],
  })
  return { db, compactions, infos, tables, [Symbol.asyncDispose]: () => db.close() }
}

/** A level-0 table with the keys. */
async function table(db: DB, ...keys: string[]): Promise<void> {
  for (const key of keys) await db.put(key, `value of ${key}`)
  await db.flush()
}

function levels(db: DB): string {
  const found: string[] = []
  for (let level = 0; level < 7; level++) {
    const files = db.getProperty(`rocksdb.num-files-at-level${level}`)
    if (files !== undefined && files !== '0') found.push(`L${level}:${files}`)
  }
  return found.join(' ')
}

async function keysOf(db: DB): Promise<string> {
  const keys: string[] = []
  for await (const [key] of db.range()) keys.push(utf8Text(key))
  return keys.join(' ')
}

describe('compactRange', () => {
  test('takes a range down level by level, and leaves the bottom alone without a filter', async () => {
    await using opened = await open({ levelCompactionDynamicLevelBytes: false })
    const { db, compactions } = opened
    await table(db, 'a', 'b')
    await table(db, 'b', 'c')
    await db.compactRange()
    expect(compactions.splice(0)).toEqual(['manual rewrite 0->1'])
    await db.compactRange()
    expect(compactions.splice(0)).toEqual([])
    await db.compactRange({ bottommostLevelCompaction: 'force' })
    expect(compactions.splice(0)).toEqual(['manual rewrite 1->1'])
    await table(db, 'x')
    await db.compactRange({ begin: 'x' })
    expect(compactions.splice(0)).toEqual(['manual move 0->1'])
    await table(db, 'y')
    await db.compactRange({ begin: 'y', bottommostLevelCompaction: 'force' })
    expect(compactions.splice(0)).toEqual(['manual rewrite 0->1'])
    expect(await keysOf(db)).toBe('a b c x y')
  })

  test('forced, it does not rewrite again what it has just written to the bottom', async () => {
    await using opened = await open({})
    const { db, compactions } = opened
    await table(db, 'a', 'b')
    await db.compactRange()
    await table(db, 'a', 'c')
    compactions.splice(0)
    await db.compactRange({ bottommostLevelCompaction: 'forceOptimized' })
    expect(compactions.splice(0)).toEqual(['manual rewrite 0->6'])
    await table(db, 'a', 'c')
    await db.compactRange({ bottommostLevelCompaction: 'force' })
    expect(compactions.splice(0)).toEqual(['manual rewrite 0->6', 'manual rewrite 6->6'])
  })

  test('goes part by part where a level is larger than one compaction should be', async () => {
    await using opened = await open({
      targetFileSizeBaseBytes: 2000,
      maxCompactionBytes: 6000,
      compression: 'none',
    })
    const { db, compactions } = opened
    for (let n = 0; n < 300; n++) await db.put(`k${1000 + n}`, 'v'.repeat(50))
    await db.compactRange()
    compactions.splice(0)
    await db.compactRange({ bottommostLevelCompaction: 'force' })
    expect(compactions.length).toBeGreaterThan(2)
    expect(new Set(compactions)).toEqual(new Set(['manual rewrite 6->6']))
    expect((await keysOf(db)).split(' ')).toHaveLength(300)
  })

  test('moves the result to another level that is asked for', async () => {
    await using opened = await open({})
    const { db } = opened
    await table(db, 'a')
    await db.compactRange()
    expect(levels(db)).toBe('L6:1')
    await db.compactRange({ changeLevel: true, targetLevel: 2 })
    expect(levels(db)).toBe('L2:1')
    await db.compactRange({ changeLevel: true })
    expect(levels(db)).toBe('L1:1')
    await expect(db.compactRange({ targetLevel: 2 })).rejects.toThrow('changeLevel')
    await expect(db.compactRange({ changeLevel: true, targetLevel: 9 })).rejects.toThrow(
      'targetLevel',
    )
    expect(await keysOf(db)).toBe('a')
  })

  test('with universal compaction makes one run of everything', async () => {
    await using opened = await open({ compactionStyle: 'universal' })
    const { db, compactions } = opened
    for (const key of ['a', 'b', 'a', 'c']) await table(db, key, 'z')
    expect(levels(db)).toBe('L0:4')
    await db.compactRange({ begin: 'a', end: 'b' })
    expect(compactions).toEqual(['manual rewrite 0->6'])
    expect(levels(db)).toBe('L6:1')
    expect(await keysOf(db)).toBe('a b c z')
  })

  test('with one level merges within it', async () => {
    await using opened = await open({ compactionStyle: 'universal', numLevels: 1 })
    const { db } = opened
    for (const key of ['a', 'b', 'a']) await table(db, key, 'z')
    await db.compactRange()
    expect(levels(db)).toBe('L0:1')
    expect(await keysOf(db)).toBe('a b z')
  })
})

describe('compactFiles', () => {
  test('compacts named tables with those that lie between', async () => {
    await using opened = await open({ levelCompactionDynamicLevelBytes: false })
    const { db, infos } = opened
    await table(db, 'a', 'f')
    await db.compactRange()
    await table(db, 'b', 'c')
    await table(db, 'c', 'd')
    await table(db, 'x')
    const created = infos.splice(0)
    expect(created).toHaveLength(1)
    await expect(db.compactFiles([9999], 3)).rejects.toThrow('no table 9999')
    await expect(db.compactFiles([], 3)).rejects.toThrow('fileNumbers')
    const newest = opened.tables.at(-1)!
    await expect(db.compactFiles([newest], 99)).rejects.toThrow('outputLevel')
    await db.compactFiles([opened.tables.at(-3)!], 3)
    expect(infos[0]).toMatchObject({ reason: 'files', outputLevel: 3 })
    expect(infos[0]!.inputFiles).toHaveLength(3)
    expect(levels(db)).toBe('L0:1 L3:1')
    expect(await keysOf(db)).toBe('a b c d f x')
  })
})

describe('suggestCompactRange', () => {
  test('has tables of the range compacted in their turn', async () => {
    await using opened = await open({
      levelCompactionDynamicLevelBytes: false,
      disableAutoCompactions: false,
    })
    const { db, compactions } = opened
    await table(db, 'a', 'b')
    await db.compactRange()
    await db.compactRange({ changeLevel: true, targetLevel: 3 })
    await table(db, 'a', 'c')
    await db.waitForCompactions()
    expect(levels(db)).toBe('L0:1 L3:1')
    compactions.splice(0)
    db.suggestCompactRange({ begin: 'a', end: 'b' })
    await db.waitForCompactions()
    // A table that is moved as it is stays marked, until it meets what it can be merged with.
    expect(compactions).toEqual([
      'markedForCompaction move 0->1',
      'markedForCompaction move 1->2',
      'markedForCompaction rewrite 2->3',
    ])
  })
})

describe('deleteFilesInRanges', () => {
  test('deletes tables that lie within, and no others', async () => {
    await using opened = await open({ levelCompactionDynamicLevelBytes: false })
    const { db } = opened
    for (const [first, last] of ['ab', 'cd', 'ef']) {
      await table(db, first!, last!)
      await db.compactRange({ begin: first, end: last })
    }
    await table(db, 'c')
    expect(levels(db)).toBe('L0:1 L1:3')
    await db.deleteFilesInRanges([{ begin: 'c', end: 'e' }])
    expect(levels(db)).toBe('L0:1 L1:2')
    expect(await keysOf(db)).toBe('a b c e f')
  })
})
