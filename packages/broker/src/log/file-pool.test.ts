import { MemoryFileSystem } from '@varve/vfs'
import { expect, test } from 'vitest'

import { FilePool } from './file-pool.ts'

test('no more than the limit stays open, and what is used stays', () => {
  const fileSystem = new MemoryFileSystem()
  const pool = new FilePool(fileSystem, 8)
  for (let i = 0; i < 100; i++) {
    pool.writer(`/f${i % 30}`).appendSync(new Uint8Array([i]))
    pool.reader(`/f${i % 30}`)
    expect(pool.openCount).toBeLessThanOrEqual(8)
  }
  expect([...pool.reader('/f9').readSync(0, 10)]).toEqual([9, 39, 69, 99])
  pool.close()
  expect(pool.openCount).toBe(0)
})

test('a held reader reads the old file after another took its name', async () => {
  const fileSystem = new MemoryFileSystem()
  const pool = new FilePool(fileSystem, 2)
  await fileSystem.writeFileAtomic('/old', new Uint8Array([1]))
  await fileSystem.writeFileAtomic('/new', new Uint8Array([2]))
  pool.holdReader('/old')
  await fileSystem.rename('/new', '/old')
  await fileSystem.writeFileAtomic('/other', new Uint8Array([3]))
  expect([...pool.reader('/other').readSync(0, 1)]).toEqual([3])
  expect([...pool.reader('/old').readSync(0, 1)]).toEqual([1])
  pool.forget('/old')
  expect([...pool.reader('/old').readSync(0, 1)]).toEqual([2])
  pool.close()
})
