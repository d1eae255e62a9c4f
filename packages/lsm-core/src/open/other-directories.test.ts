import { UnsupportedError } from '@varve/base'
import { tableFileName, VersionSet } from '@varve/manifest'
import { MemoryFileSystem } from '@varve/vfs'
import { expect, test } from 'vitest'

import { DB } from '../index.ts'

test('tables in another directory of RocksDB are refused by name, and read where they are brought together', async () => {
  const fileSystem = new MemoryFileSystem()
  {
    await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
    await db.put('a', '1')
    await db.flush()
  }
  let name
  {
    await using versions = await VersionSet.recover(fileSystem, '/db')
    const file = versions.columnFamily(0).current.levels[0]![0]!
    name = `/db/${tableFileName(file.number)}`
    await versions.logAndApply({
      columnFamily: 0,
      deletedFiles: [{ level: 0, number: file.number }],
      newFiles: [{ level: 1, file: { ...file, pathId: 1 } }],
    })
  }
  {
    await using db = await DB.openReadOnly('/db', { fileSystem })
    expect(await db.get('a', { encoding: 'utf8' })).toBe('1')
  }
  await fileSystem.remove(name)
  await expect(DB.open('/db', { fileSystem })).rejects.toThrow(UnsupportedError)
  await using db = await DB.openReadOnly('/db', { fileSystem })
  await expect(db.get('a')).rejects.toThrow(UnsupportedError)
})
