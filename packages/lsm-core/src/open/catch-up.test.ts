import { UnsupportedError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import { DB } from '../index.ts'

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
