import { UnsupportedError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import { DB } from '../index.ts'

describe('a secondary', () => {
  it('follows flushes, logs and new manifests, has a log of its own, and changes nothing of the primary', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using primary = await DB.open('/db', { fileSystem, createIfMissing: true })
      await primary.put('a', '1')
      await using secondary = await DB.openAsSecondary('/db', '/secondary', { fileSystem })
      const before = await fileSystem.list('/db')
      expect(await secondary.get('a', { encoding: 'utf8' })).toBe('1')
      await secondary.tryCatchUpWithPrimary()
      expect(await fileSystem.list('/db')).toEqual(before)
      await primary.put('a', '2')
      await primary.flush()
      await primary.put('b', '1')
      await secondary.tryCatchUpWithPrimary()
      expect(await secondary.get('a', { encoding: 'utf8' })).toBe('2')
      expect(await secondary.get('b', { encoding: 'utf8' })).toBe('1')
      const manifest = (await fileSystem.list('/db')).filter((name) => name.startsWith('MANIFEST'))
      await primary.close()
      // Another opening, another MANIFEST.
      await using again = await DB.open('/db', { fileSystem })
      await again.put('c', '1')
      expect(
        (await fileSystem.list('/db')).filter((name) => name.startsWith('MANIFEST')),
      ).not.toEqual(manifest)
      await secondary.tryCatchUpWithPrimary()
      expect(await secondary.get('c', { encoding: 'utf8' })).toBe('1')
      await expect(secondary.put('c', '2')).rejects.toThrow('for reading only')
      expect(await fileSystem.list('/secondary')).toEqual(['LOG'])
    }
    assertNoOpenResources()
  })

  it('may be refused, as any reader, where logs hold something', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
      await db.put('a', '1')
    }
    const open = (): Promise<DB> =>
      DB.openReadOnly('/db', { fileSystem, errorIfWalFileExists: true })
    await expect(open()).rejects.toThrow('errorIfWalFileExists')
    await (await DB.open('/db', { fileSystem })).close()
    await using db = await open()
    expect(await db.get('a', { encoding: 'utf8' })).toBe('1')
  })
})

describe('catchUp', () => {
  it('reads on from tables that the writer removes behind it', async () => {
    const fileSystem = new MemoryFileSystem()
    await using writer = await DB.open('/db', { fileSystem, createIfMissing: true })
    await using reader = await DB.openReadOnly('/db', { fileSystem })
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20; i++) await writer.put(`k${i}`, String(round))
      await writer.flush()
      await reader.catchUp()
      await writer.put('k5', 'compacted')
      await writer.compactRange()
      let count = 0
      for await (const [, value] of reader.range()) {
        expect(new TextDecoder().decode(value)).toBe(String(round))
        count++
      }
      expect(count).toBe(20)
    }
  })

  it('shows what a writer has written, flushed and compacted since', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using writer = await DB.open('/db', {
        fileSystem,
        createIfMissing: true,
        columnFamilies: { gone: {} },
      })
      await writer.put('a', '1')
      await using reader = await DB.openReadOnly('/db', { fileSystem })
      const gone = reader.columnFamily('gone')
      const read = (key: string): Promise<string | undefined> =>
        reader.get(key, { encoding: 'utf8' })
      expect(await read('a')).toBe('1')

      await writer.put('a', '2')
      expect(await read('a')).toBe('1')
      await reader.catchUp()
      expect(await read('a')).toBe('2')

      await writer.flush()
      await reader.catchUp()
      using cursor = reader.cursor()
      cursor.seekToFirst()
      await writer.put('a', '3')
      await writer.compactRange()
      await writer.dropColumnFamily(writer.columnFamily('gone'))
      const added = await writer.createColumnFamily('added')
      await writer.put('b', '1', { cf: added })
      await reader.catchUp()
      expect(new TextDecoder().decode(cursor.value)).toBe('2')
      expect(await read('a')).toBe('3')
      expect(reader.latestSequence).toBe(writer.latestSequence)
      expect(reader.columnFamilies.map(({ name }) => name)).toEqual(['default', 'added'])
      expect(await reader.get('b', { cf: reader.columnFamily('added'), encoding: 'utf8' })).toBe(
        '1',
      )
      await expect(reader.get('b', { cf: gone })).rejects.toThrow('dropped')
      await expect(writer.catchUp()).rejects.toThrow(UnsupportedError)
    }
    assertNoOpenResources()
  })
})
