import { CorruptionError, NotFoundError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, expect, it } from 'vitest'

import { DB, WriteBatch } from '../index.ts'

afterEach(() => assertNoOpenResources())

it('the updates since a sequence number are the batches of the logs, as long as they are there', async () => {
  const fileSystem = new MemoryFileSystem()
  await using db = await DB.open('/db', {
    fileSystem,
    createIfMissing: true,
    columnFamilies: { other: {} },
  })
  const cf = db.columnFamily('other')
  const since = async (sequence: number): Promise<[number, number][]> => {
    const batches: [number, number][] = []
    for await (const batch of db.getUpdatesSince(sequence))
      batches.push([batch.sequence, batch.count])
    return batches
  }
  await db.write(new WriteBatch().put('a', '1').put('b', '2', { cf }))
  await db.write(new WriteBatch().delete('a').merge('c', '3').put('d', '4'))
  // Another log; the first one stays for the other family.
  await db.flush({ cf: db.defaultColumnFamily })
  await db.put('e', '5')
  expect(await since(1)).toEqual([
    [1, 2],
    [3, 3],
    [6, 1],
  ])
  expect(await since(4)).toEqual([
    [3, 3],
    [6, 1],
  ])
  expect(await since(6)).toEqual([[6, 1]])
  expect(await since(7)).toEqual([])

  // A log that goes while it is read is read to its end.
  const updates = db.getUpdatesSince(1)
  const seen = [(await updates.next()).value!.sequence]
  await db.flush()
  await db.put('f', '6')
  for await (const batch of updates) seen.push(batch.sequence)
  expect(seen).toEqual([1, 3, 6])
  await expect(since(1)).rejects.toThrow(NotFoundError)
  expect(await since(7)).toEqual([[7, 1]])
  await db.flush()
  await expect(since(7)).rejects.toThrow(NotFoundError)
  expect(await since(8)).toEqual([])

  const log = (await fileSystem.list('/db')).filter((name) => name.endsWith('.log')).at(-1)!
  await db.put('x', 'x'.repeat(100))
  await db.put('y', 'y')
  const damaged = await fileSystem.readFile(`/db/${log}`)
  damaged[60]! ^= 1
  await fileSystem.writeFileAtomic(`/db/${log}`, damaged)
  await expect(since(8)).rejects.toThrow(CorruptionError)
  damaged[60]! ^= 1
  await fileSystem.writeFileAtomic(`/db/${log}`, damaged)
  expect(await since(8)).toHaveLength(2)

  // What a reader applies to a database of its own makes it the same.
  await using copy = await DB.open('/copy', {
    fileSystem: new MemoryFileSystem(),
    createIfMissing: true,
    columnFamilies: { other: {} },
  })
  for await (const batch of db.getUpdatesSince(8)) await copy.write(batch)
  expect(await copy.get('y', { encoding: 'utf8' })).toBe('y')
})
