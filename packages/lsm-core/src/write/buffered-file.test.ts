import { assertNoOpenResources } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { fc } from '@fast-check/vitest'
import { afterEach, describe, expect, it } from 'vitest'

import { DB } from '../index.ts'
import { BufferedFile } from './buffered-file.ts'

afterEach(() => assertNoOpenResources())

describe('a buffered file', () => {
  it('has in the end what was appended, in order, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant('flush' as const))),
        async (steps) => {
          const fileSystem = new MemoryFileSystem()
          const file = new BufferedFile(fileSystem.openWritableSync('/log'), 16)
          let size = 0
          for (const step of steps) {
            if (step === 'flush') file.flushSync()
            else {
              file.appendSync(step)
              size += step.length
            }
            expect(file.sizeBytes).toBe(size)
          }
          file.closeSync()
          const all = steps.filter((step) => step !== 'flush').map((step) => Buffer.from(step))
          expect(Buffer.from(await fileSystem.readFile('/log'))).toEqual(Buffer.concat(all))
        },
      ),
    )
  })
})

describe('manualWalFlush', () => {
  it.each<[string, (db: DB) => Promise<unknown>]>([
    ['a flush', (db) => db.flushWal()],
    ['a sync', (db) => db.put('later', '1', { sync: true })],
    ['a checkpoint', (db) => db.checkpoint('/copy')],
    ['closing', (db) => db.close()],
  ])('writes nothing twice when %s brought the first of two records only', async (_, act) => {
    const disk = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(disk)
    const columnFamilies = { default: { mergeOperator: 'stringappend' } }
    const options = { columnFamilies, manualWalFlush: true }
    const db = await DB.open('/db', { ...options, fileSystem, createIfMissing: true })
    await db.merge('key', '1')
    await db.merge('key', '2')
    fileSystem.inject({ operation: 'append', error: 'ENOSPC', times: 1, shortWrite: true })
    await expect(act(db)).rejects.toThrow('no space left')
    await expect(db.flushWal()).rejects.toThrow()
    await expect(db.put('key', '3')).rejects.toThrow()
    await db.close().catch(() => undefined)
    const walRecoveryMode = 'tolerateCorruptedTailRecords'
    await using again = await DB.open('/db', { ...options, fileSystem: disk, walRecoveryMode })
    expect(await again.get('key', { encoding: 'utf8' })).toBe('1')
  })

  it('loses the end of the history with the process, and nothing that was flushed or synced', async () => {
    const disk = new MemoryFileSystem()
    const options = { createIfMissing: true, manualWalFlush: true, columnFamilies: { other: {} } }
    const after = async (fileSystem: MemoryFileSystem): Promise<string[]> => {
      await using db = await DB.open('/db', { ...options, fileSystem })
      const keys: string[] = []
      for await (const [key] of db.range()) keys.push(Buffer.from(key).toString())
      return keys
    }
    await using db = await DB.open('/db', { ...options, fileSystem: disk })
    await db.put('a', '1')
    db.putSync('b', '1')
    expect(await after(disk.forkAfterProcessDeath())).toEqual([])
    await db.flushWal()
    await db.put('c', '1')
    expect(await after(disk.forkAfterProcessDeath())).toEqual(['a', 'b'])
    expect(await after(disk.forkAfterPowerLoss())).toEqual([])
    await db.put('d', '1', { sync: true })
    expect(await after(disk.forkAfterPowerLoss())).toEqual(['a', 'b', 'c', 'd'])
    // A new log is begun only behind the whole of the old one.
    await db.put('e', '1')
    await db.flush({ cf: db.columnFamily('other') })
    await db.put('e', '1', { cf: db.columnFamily('other') })
    await db.flush({ cf: db.columnFamily('other') })
    expect(await after(disk.forkAfterProcessDeath())).toContain('e')
    await db.put('f', '1')
    await db.checkpoint('/copy')
    await using copy = await DB.open('/copy', { ...options, fileSystem: disk })
    expect(await copy.get('f')).toBeDefined()
    await db.put('g', '1')
    await db.close()
    expect(await after(disk)).toContain('g')
  })
})
