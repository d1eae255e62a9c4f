import { ReadOnlyError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { FaultInjectionFileSystem, ioErrorCode, MemoryFileSystem, type Fault } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { DB } from '../index.ts'

const faults: readonly (Fault & {
  readonly what: string
  readonly sync?: boolean
  readonly flush?: boolean
})[] = [
  {
    what: 'a full disk under the log',
    operation: 'append',
    path: /\.log$/,
    after: 3,
    error: 'ENOSPC',
  },
  {
    what: 'a short write to the log',
    operation: 'append',
    path: /\.log$/,
    after: 3,
    error: 'ENOSPC',
    shortWrite: true,
  },
  {
    what: 'a failed sync of the log',
    operation: 'sync',
    path: /\.log$/,
    after: 1,
    error: 'EIO',
    sync: true,
  },
  {
    what: 'a full disk under a table',
    operation: 'append',
    path: /\.sst$/,
    error: 'ENOSPC',
    flush: true,
  },
  {
    what: 'a failed sync of a table',
    operation: 'sync',
    path: /\.sst$/,
    error: 'EIO',
    flush: true,
  },
  {
    what: 'a failed write to the manifest',
    operation: 'append',
    path: /MANIFEST/,
    error: 'EIO',
    flush: true,
  },
  {
    what: 'a failed sync of the manifest',
    operation: 'sync',
    path: /MANIFEST/,
    error: 'EIO',
    flush: true,
  },
  {
    what: 'a log that cannot be made',
    operation: 'open',
    path: /\.log$/,
    error: 'ENOSPC',
    flush: true,
  },
]

describe('DB on a failing disk', () => {
  afterEach(() => assertNoOpenResources())

  for (const { what, sync = false, flush = false, ...fault } of faults) {
    it(`refuses writes and goes on reading after ${what}; nothing acknowledged is lost`, async () => {
      const disk = new MemoryFileSystem()
      const fileSystem = new FaultInjectionFileSystem(disk)
      const acknowledged: number[] = []
      let failure: unknown
      {
        await using db = await DB.open('/db', { createIfMissing: true, fileSystem })
        for (let n = 0; n < 5; n++) {
          db.putSync(`before${n}`, String(n))
        }
        fileSystem.inject(fault)
        for (let n = 0; n < 20 && failure === undefined; n++) {
          try {
            await db.put(`key${n}`, String(n), { sync })
            if (flush) await db.flush()
            acknowledged.push(n)
          } catch (error) {
            failure = error
          }
        }
        expect(failure).toBeDefined()
        expect(ioErrorCode(failure)).toBe(fault.error)
        fileSystem.clearFaults()

        const refused = await db.put('late', 'x').catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(ReadOnlyError)
        expect((refused as ReadOnlyError).cause).toBe(failure)
        expect(() => db.putSync('late', 'x')).toThrow(ReadOnlyError)
        await expect(db.flush()).rejects.toThrow(ReadOnlyError)
        expect(await db.get('before3', { encoding: 'utf8' })).toBe('3')
        for (const n of acknowledged)
          expect(await db.get(`key${n}`, { encoding: 'utf8' })).toBe(String(n))
        expect(db.getProperty('rocksdb.background-errors')).toBe('1')
      }
      await using again = await DB.open('/db', { fileSystem })
      for (const n of acknowledged)
        expect(await again.get(`key${n}`, { encoding: 'utf8' })).toBe(String(n))
      for (let n = 0; n < 5; n++)
        expect(await again.get(`before${n}`, { encoding: 'utf8' })).toBe(String(n))
      expect(await again.get('late')).toBeUndefined()
      await again.put('late', 'y', { sync: true })
    })
  }

  it.each(['deleteFilesInRanges', 'compactRange'] as const)(
    'takes no write after %s could not say what it did',
    async (method) => {
      const fileSystem = new FaultInjectionFileSystem(new MemoryFileSystem())
      await using db = await DB.open('/db', { createIfMissing: true, fileSystem })
      await db.put('k', 'v')
      await db.compactRange({ changeLevel: true })
      await db.put('k', 'w')
      await db.flush()
      fileSystem.inject({ operation: 'append', path: /MANIFEST/, error: 'EIO' })
      const work = method === 'compactRange' ? db.compactRange() : db.deleteFilesInRanges([{}])
      const written = work.catch((error: unknown) => {
        expect(ioErrorCode(error)).toBe('EIO')
        db.putSync('late', 'x')
      })
      await expect(written).rejects.toThrow(ReadOnlyError)
    },
  )
})
