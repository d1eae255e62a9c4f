import { InvalidOptionError } from '@varve/base'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, test } from 'vitest'

import { DB } from '../db/db.ts'
import type { DBOptions } from '../options/db-options.ts'

async function deepDatabase(): Promise<DBOptions> {
  const fileSystem = new MemoryFileSystem()
  const columnFamilies = { default: { numLevels: 12 }, other: { numLevels: 12 } }
  await using db = await DB.open('/db', { fileSystem, createIfMissing: true, columnFamilies })
  for (const cf of db.columnFamilies) {
    await db.put('key', cf.name, { cf })
    await db.compactRange({ cf })
    expect(db.getProperty('rocksdb.num-files-at-level11', { cf })).toBe('1')
  }
  return { fileSystem, columnFamilies: '*' }
}

describe('a database with tables in level 11', () => {
  test('is read where nobody says how many levels it has', async () => {
    const options = await deepDatabase()
    await using db = await DB.openReadOnly('/db', options)
    for (const cf of db.columnFamilies)
      expect(await db.get('key', { cf, encoding: 'utf8' })).toBe(cf.name)
  })

  test('is written and compacted there, too', async () => {
    const options = await deepDatabase()
    await using db = await DB.open('/db', options)
    await db.put('key', 'changed')
    await db.compactRange()
    expect(db.getProperty('rocksdb.num-files-at-level11')).toBe('1')
    expect(await db.get('key', { encoding: 'utf8' })).toBe('changed')
  })

  test('is refused for fewer levels', async () => {
    const { fileSystem } = await deepDatabase()
    const columnFamilies = { default: { numLevels: 11 } }
    await expect(
      DB.openReadOnly('/db', { fileSystem: fileSystem!, columnFamilies }),
    ).rejects.toThrow(InvalidOptionError)
  })
})
