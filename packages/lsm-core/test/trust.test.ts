import { ReadOnlyError } from '@varve/base'
import { assertNoOpenResources, VirtualClock } from '@varve/base/testing'
import { FaultInjectionFileSystem, ioErrorCode, MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { DB, SstFileWriter, TransactionDB } from '../src/index.ts'

/** What drills over random histories have found, each as the smallest history that shows it. */
describe('DB', () => {
  afterEach(() => assertNoOpenResources())

  it('reads backwards over a version whose value compaction has cleared, where values have times', async () => {
    const options = {
      createIfMissing: true,
      fileSystem: new MemoryFileSystem(),
      clock: new VirtualClock(1_700_000_000_000),
      columnFamilies: { default: { ttlSeconds: 0 } },
    }
    await using db = await DB.open('/db', options)
    await db.put('a', 'first')
    using snapshot = db.snapshot()
    await db.put('b', 'once')
    await db.singleDelete('b')
    await db.put('c', 'last')
    // The snapshot keeps the pair, without the value that nobody sees.
    await db.flush()
    using cursor = db.cursor()
    const seen: string[] = []
    for (cursor.seekToLast(); cursor.valid; cursor.prev())
      seen.push(new TextDecoder().decode(cursor.value))
    expect(seen).toEqual(['last', 'first'])
    expect(snapshot.sequence).toBe(1)
  })

  it('keeps an ingested table when it is in doubt whether the MANIFEST lists it', async () => {
    const disk = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(disk)
    {
      await using db = await DB.open('/db', { createIfMissing: true, fileSystem })
      {
        await using writer = await SstFileWriter.open('/external.sst', { fileSystem })
        writer.put('k', 'v')
        await writer.finish()
      }
      fileSystem.inject({ operation: 'sync', path: /MANIFEST/, times: 1, error: 'EIO' })
      const failure = await db.ingestExternalFile('/external.sst').catch((error: unknown) => error)
      expect(ioErrorCode(failure)).toBe('EIO')
      await expect(db.put('k', 'w')).rejects.toThrow(ReadOnlyError)
    }
    // The record was written though it was not synced: what it lists must be there.
    await using again = await DB.open('/db', { fileSystem: disk })
    expect(await again.get('k', { encoding: 'utf8' })).toBe('v')
  })

  it('has what was written before an ingested file wherever it has the file', async () => {
    const disk = new MemoryFileSystem()
    await using db = await DB.open('/db', { createIfMissing: true, fileSystem: disk })
    {
      await using writer = await SstFileWriter.open('/external.sst', { fileSystem: disk })
      writer.put('m', 'external')
      await writer.finish()
    }
    await db.put('a', 'before')
    await db.ingestExternalFile('/external.sst')
    await using left = await DB.open('/db', { fileSystem: disk.forkAfterPowerLoss() })
    expect(await left.get('m', { encoding: 'utf8' })).toBe('external')
    expect(await left.get('a', { encoding: 'utf8' })).toBe('before')
  })

  it('replays the commit of a prepared transaction that is the first write of all', async () => {
    const options = { createIfMissing: true, fileSystem: new MemoryFileSystem() }
    {
      await using db = await TransactionDB.open('/db', options)
      const transaction = db.beginTransaction()
      transaction.setName('first')
      await transaction.put('k', 'v')
      await transaction.prepare()
      await transaction.commit()
    }
    await using again = await TransactionDB.open('/db', options)
    expect(await again.get('k', { encoding: 'utf8' })).toBe('v')
  })

  it('gives the lock back when closing its files fails', async () => {
    const disk = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(disk)
    const db = await DB.open('/db', { createIfMissing: true, fileSystem })
    await db.put('k', 'v')
    fileSystem.inject({ operation: 'close', error: 'EIO' })
    const failure = await db.close().catch((error: unknown) => error)
    expect((failure as { code?: string }).code).toBe('VARVE_IO')
    await using again = await DB.open('/db', { fileSystem: disk })
    expect(await again.get('k', { encoding: 'utf8' })).toBe('v')
  })

  it('survives a loss of power also where its directory was made by a process that died', async () => {
    const disk = new MemoryFileSystem()
    await disk.mkdir('/db')
    {
      await using db = await DB.open('/db', { createIfMissing: true, fileSystem: disk })
      await db.put('k', 'v', { sync: true })
    }
    disk.crash()
    await using again = await DB.open('/db', { fileSystem: disk })
    expect(await again.get('k', { encoding: 'utf8' })).toBe('v')
  })
})
