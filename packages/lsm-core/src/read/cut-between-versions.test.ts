import { utf8Text } from '@varve/base'
import { VersionSet } from '@varve/manifest'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, test } from 'vitest'

import { DB, type DBOptions } from '../index.ts'

type Write = readonly ['put' | 'merge' | 'delete', string, string?]

/** Writes a table for each list, oldest first, and puts all of them into one sorted level, as RocksDB cuts between versions of a key. */
async function levelOf(
  tables: readonly (readonly Write[])[],
): Promise<DBOptions & { fileSystem: MemoryFileSystem }> {
  const fileSystem = new MemoryFileSystem()
  const columnFamilies = {
    default: { mergeOperator: 'stringappend', disableAutoCompactions: true },
  }
  const options = { fileSystem, columnFamilies, createIfMissing: true }
  {
    await using db = await DB.open('/db', options)
    for (const writes of tables) {
      for (const [kind, key, value = ''] of writes) {
        if (kind === 'delete') await db.delete(key)
        else await db[kind](key, value)
      }
      await db.flush()
    }
  }
  await using versions = await VersionSet.recover(fileSystem, '/db')
  const files = versions.columnFamily(0).current.levels[0]!
  expect(files).toHaveLength(tables.length)
  await versions.logAndApply({
    columnFamily: 0,
    deletedFiles: files.map(({ number }) => ({ level: 0, number })),
    newFiles: files.map((file) => ({ level: 2, file })),
  })
  return options
}

describe('a level that is cut between versions of a key', () => {
  test.each<readonly [string, string | undefined, readonly (readonly Write[])[]]>([
    ['operands alone', '1,2,3', [[['merge', 'b', '1'], ['put', 'c']], [['merge', 'b', '2']], [['put', 'a'], ['merge', 'b', '3']]]], // prettier-ignore
    ['operands on a value', 'v,2,3', [[['put', 'b', 'v'], ['put', 'c']], [['merge', 'b', '2']], [['put', 'a'], ['merge', 'b', '3']]]], // prettier-ignore
    ['operands on a deletion', '2,3', [[['put', 'b', 'v']], [['delete', 'b']], [['merge', 'b', '2']], [['put', 'a'], ['merge', 'b', '3']]]], // prettier-ignore
    ['a value on operands', 'v', [[['merge', 'b', '1']], [['merge', 'b', '2']], [['put', 'a'], ['put', 'b', 'v']]]], // prettier-ignore
    [
      'a deletion on operands',
      undefined,
      [
        [
          ['merge', 'b', '1'],
          ['put', 'c'],
        ],
        [['delete', 'b']],
      ],
    ],
  ])('reads the same in every way: %s', async (_, expected, tables) => {
    const options = await levelOf(tables)
    const text = (value: Uint8Array | undefined): string | undefined => value && utf8Text(value)
    for (const open of [DB.openReadOnly, DB.open]) {
      await using db = await open('/db', options)
      expect(text(db.getSync('b'))).toBe(expected)
      expect(await db.get('b', { encoding: 'utf8' })).toBe(expected)
      expect((await db.multiGet(['a', 'b', 'bb', 'c'])).map(text)[1]).toBe(expected)
      expect(text(db.getSync('bb'))).toBeUndefined()
      const scanned = new Map<string, string>()
      for await (const [key, value] of db.range()) scanned.set(utf8Text(key), utf8Text(value))
      expect(scanned.get('b')).toBe(expected)
    }
    await using db = await DB.open('/db', options)
    await db.merge('b', 'last')
    await db.flush()
    const longer = expected === undefined ? 'last' : `${expected},last`
    expect(text(db.getSync('b'))).toBe(longer)
    await db.compactRange()
    expect(text(db.getSync('b'))).toBe(longer)
  })
})
