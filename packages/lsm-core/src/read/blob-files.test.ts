import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { CorruptionError, UnsupportedError } from '@varve/base'
import { assertNoOpenResources, sharedFixture } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import { DB, type ColumnFamilyHandle } from '../index.ts'

const fixture = sharedFixture('fixtures/rocksdb/db-blob')

async function copyOfFixture(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem()
  await fs.mkdir('/db')
  for (const name of readdirSync(fixture!))
    await fs.writeFileAtomic(`/db/${name}`, readFileSync(join(fixture!, name)))
  return fs
}

function hashOf(db: DB, cf: ColumnFamilyHandle): string {
  const hash = createHash('sha256')
  using cursor = db.cursor({ cf })
  for (cursor.seekToFirst(); cursor.valid; cursor.next()) hash.update(cursor.value)
  return hash.digest('hex')
}

describe.skipIf(fixture === undefined)('a database with blob files', () => {
  it('is read, by key and in both directions', async () => {
    {
      await using db = await DB.openReadOnly('/db', { fileSystem: await copyOfFixture() })
      for (const cf of db.columnFamilies) {
        using cursor = db.cursor({ cf })
        const forward: string[] = []
        for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
          const value = db.getSync(cursor.key, { cf })
          expect(value).toEqual(new Uint8Array(cursor.value))
          forward.push(Buffer.from(cursor.value).toString('hex'))
        }
        const backward: string[] = []
        for (cursor.seekToLast(); cursor.valid; cursor.prev())
          backward.unshift(Buffer.from(cursor.value).toString('hex'))
        expect(backward).toEqual(forward)
        expect(forward.length).toBeGreaterThan(0)
      }
    }
    assertNoOpenResources()
  })

  it('is refused for writing, and left as it is', async () => {
    const fileSystem = await copyOfFixture()
    const before = await fileSystem.list('/db')
    await expect(DB.open('/db', { fileSystem, columnFamilies: '*' })).rejects.toThrow(
      UnsupportedError,
    )
    const after = await fileSystem.list('/db')
    expect(after.filter((name) => !/^(LOCK|LOG.*)$/.test(name))).toEqual(
      before.filter((name) => !/^(LOCK|LOG.*)$/.test(name)),
    )
  })

  it('never gives back a damaged blob', async () => {
    const fileSystem = await copyOfFixture()
    const expected = new Map<string, string>()
    {
      await using db = await DB.openReadOnly('/db', { fileSystem })
      for (const cf of db.columnFamilies) expected.set(cf.name, hashOf(db, cf))
    }
    let failures = 0
    const blobs = (await fileSystem.list('/db')).filter((name) => name.endsWith('.blob'))
    for (const name of blobs) {
      const data = await fileSystem.readFile(`/db/${name}`)
      // Behind the header and the header, key and part of the value of the first record.
      for (let at = 30; at < 30 + 80; at++) {
        const damaged = new Uint8Array(data)
        damaged[at]! ^= 0x10
        await fileSystem.writeFileAtomic(`/db/${name}`, damaged)
        await using db = await DB.openReadOnly('/db', { fileSystem })
        for (const cf of db.columnFamilies) {
          // A record that nothing refers to any more may be damaged unseen; what is read is right.
          try {
            expect(hashOf(db, cf)).toBe(expected.get(cf.name))
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptionError)
            failures++
          }
        }
      }
      await fileSystem.writeFileAtomic(`/db/${name}`, data)
    }
    expect(failures).toBeGreaterThan(0)
    await fileSystem.remove(`/db/${blobs[0]}`)
    await using db = await DB.openReadOnly('/db', { fileSystem })
    const readAll = async (): Promise<void> => {
      for (const cf of db.columnFamilies) for await (const _ of db.range({ cf }));
    }
    await expect(readAll()).rejects.toThrow('blob file is missing')
  })
})
