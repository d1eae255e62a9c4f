import { UnsupportedError } from '@varve/base'
import { MemoryFileSystem } from '@varve/vfs'
import { expect, test } from 'vitest'

import { DB } from '../index.ts'

test('tables with the suffix of old are read, and not written beside', async () => {
  const fileSystem = new MemoryFileSystem()
  {
    await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
    await db.put('a', '1')
    await db.flush()
  }
  const name = (await fileSystem.list('/db')).find((file) => file.endsWith('.sst'))!
  await fileSystem.rename(`/db/${name}`, `/db/${name.replace('.sst', '.ldb')}`)
  {
    await using db = await DB.openReadOnly('/db', { fileSystem })
    expect(await db.get('a', { encoding: 'utf8' })).toBe('1')
    await db.verifyChecksum()
  }
  await expect(DB.open('/db', { fileSystem })).rejects.toThrow(UnsupportedError)
  await fileSystem.rename(`/db/${name.replace('.sst', '.ldb')}`, `/db/${name}`)
  await using db = await DB.open('/db', { fileSystem })
  expect(await db.get('a', { encoding: 'utf8' })).toBe('1')
})
