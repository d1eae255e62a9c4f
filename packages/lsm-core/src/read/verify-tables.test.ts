import { CorruptionError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import { DB } from '../index.ts'

async function open(fileSystem: MemoryFileSystem, maxOpenFiles = 2000): Promise<DB> {
  return DB.open('/db', {
    fileSystem,
    createIfMissing: true,
    maxOpenFiles,
    columnFamilies: { default: { disableAutoCompactions: true } },
  })
}

describe('verifyChecksum', () => {
  it('finds damage that nobody has read yet', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using db = await open(fileSystem)
      for (let i = 0; i < 500; i++) await db.put(`k${i}`, 'v'.repeat(100))
      await db.flush()
      await db.verifyChecksum()
      const table = (await fileSystem.list('/db')).find((name) => name.endsWith('.sst'))!
      const data = await fileSystem.readFile(`/db/${table}`)
      data[data.length >> 1]! ^= 1
      await fileSystem.writeFileAtomic(`/db/${table}`, data)
      await expect(db.verifyChecksum()).rejects.toThrow(CorruptionError)
    }
    assertNoOpenResources()
  })
})

describe('maxOpenFiles', () => {
  it('bounds the tables that are open, whatever is read', async () => {
    const fileSystem = new MemoryFileSystem()
    let open_ = 0
    let most = 0
    const openSync = fileSystem.openRandomAccessSync.bind(fileSystem)
    fileSystem.openRandomAccessSync = (path) => {
      const file = openSync(path)
      most = Math.max(most, ++open_)
      const close = file.closeSync.bind(file)
      file.closeSync = () => {
        open_--
        close()
      }
      return file
    }
    {
      await using db = await open(fileSystem, 3)
      for (let i = 0; i < 10; i++) {
        await db.put(`k${i}`, String(i))
        await db.flush()
      }
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 10; i++)
          expect(await db.get(`k${i}`, { encoding: 'utf8' })).toBe(String(i))
      }
      expect(most).toBe(3)
      // A cursor holds what it needs.
      const keys: unknown[] = []
      for await (const [key] of db.range()) keys.push(key)
      expect(keys).toHaveLength(10)
      expect(open_).toBe(3)
    }
    expect(open_).toBe(0)
    assertNoOpenResources()
  })
})
