import { AlreadyExistsError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { WriteBatch } from '@varve/wal'
import { expect, describe, it } from 'vitest'

import { DB } from '../index.ts'

async function contentOf(db: DB): Promise<Record<string, [string, string][]>> {
  const content: Record<string, [string, string][]> = {}
  const text = new TextDecoder()
  for (const cf of db.columnFamilies) {
    const entries: [string, string][] = []
    for await (const [key, value] of db.range({ cf }))
      entries.push([text.decode(key), text.decode(value)])
    content[cf.name] = entries
  }
  return content
}

describe('checkpoint', () => {
  it('is a database of its own with the state of the moment', async () => {
    const fileSystem = new MemoryFileSystem()
    const columnFamilies = { users: {} }
    const options = { fileSystem, columnFamilies, walDirectory: 'logs' }
    {
      await using db = await DB.open('/db', { ...options, createIfMissing: true })
      const users = db.columnFamily('users')
      await db.put('a', '1')
      await db.put('b', '1', { cf: users })
      await db.flush()
      await db.put('c', '1')
      const before = await contentOf(db)
      await db.checkpoint('/copy')
      await db.put('a', '2')
      await db.compactRange()
      await using copy = await DB.open('/copy', { fileSystem, columnFamilies })
      expect(await contentOf(copy)).toEqual(before)
      await copy.put('a', '3')
      await copy.compactRange()
      expect(await db.get('a', { encoding: 'utf8' })).toBe('2')
      await expect(db.checkpoint('/copy')).rejects.toThrow(AlreadyExistsError)
      expect(await fileSystem.exists('/copy.tmp')).toBe(false)
    }
    assertNoOpenResources()
  })

  it('holds whole batches while others write, flush and compact', async () => {
    const fileSystem = new MemoryFileSystem()
    const columnFamilies = { other: { writeBufferSizeBytes: 4096 } }
    await using db = await DB.open('/db', {
      fileSystem,
      columnFamilies,
      createIfMissing: true,
      writeBufferSizeBytes: 16 << 10,
    })
    const other = db.columnFamily('other')
    let writing = true
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        const key = String(i % 100)
        const value = `${i}`.padEnd(100)
        await db.write(new WriteBatch().put(key, value).put(key, value, { cf: other }))
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    for (let i = 0; i < 10; i++) await db.checkpoint(`/copy${i}`)
    writing = false
    await writer
    for (let i = 0; i < 10; i++) {
      await using copy = await DB.openReadOnly(`/copy${i}`, { fileSystem, columnFamilies })
      const content = await contentOf(copy)
      expect(content['default']).toEqual(content['other'])
      if (i > 0) expect(content['default']).not.toEqual([])
    }
  })

  it('survives a loss of power once it is made', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
      await db.put('a', '1')
      await db.checkpoint('/copy')
    }
    fileSystem.crash()
    await using copy = await DB.open('/copy', { fileSystem })
    expect(await copy.get('a', { encoding: 'utf8' })).toBe('1')
  })
})
