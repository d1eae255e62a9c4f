import { bytewiseComparator, InvalidOptionError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { DB, loadLatestOptions, type MutableColumnFamilyOptions } from '../index.ts'
import { givenFamilyOptions } from './dynamic-options.ts'
import { resolveColumnFamilyOptions } from './resolve.ts'

afterEach(() => assertNoOpenResources())

describe('options of an open database', () => {
  it('are changed, followed from then on, and found again in the OPTIONS file', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await DB.open('/db', {
      fileSystem,
      createIfMissing: true,
      columnFamilies: { default: { disableAutoCompactions: true }, other: {} },
    })
    const cf = db.defaultColumnFamily
    const files = (level: number): string | undefined =>
      db.getProperty(`rocksdb.num-files-at-level${level}`)
    for (let i = 0; i < 6; i++) {
      await db.put(`k${i}`, 'v'.repeat(50))
      await db.flush()
    }
    expect(files(0)).toBe('6')
    await db.setOptions(cf, { disableAutoCompactions: false, level0FileNumCompactionTrigger: 2 })
    while (files(0) === '6') await new Promise((resolve) => setImmediate(resolve))

    await db.setOptions(cf, { writeBufferSizeBytes: 2048, compression: 'zstd' })
    expect(db.getOptions(cf)).toMatchObject({ writeBufferSizeBytes: 2048, compression: 'zstd' })
    expect(db.getOptions(db.columnFamily('other')).compression).toBe('snappy')
    for (let i = 0; i < 100; i++) await db.put(`more${i}`, 'v'.repeat(100))
    await db.flush()
    await db.setDBOptions({ maxOpenFiles: 7, maxBackgroundJobs: 8, maxTotalWalSizeBytes: 12345 })

    const latest = await loadLatestOptions('/db', { fileSystem })
    expect(latest.columnFamilies['default']).toMatchObject({
      writeBufferSizeBytes: 2048,
      compression: 'zstd',
      level0FileNumCompactionTrigger: 2,
      disableAutoCompactions: false,
    })
    expect(latest.database).toMatchObject({
      maxOpenFiles: 7,
      maxBackgroundFlushes: 2,
      maxBackgroundCompactions: 6,
      maxTotalWalSizeBytes: 12345,
    })
  })

  it('stay when one of the changes is wrong', async () => {
    await using db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
    })
    const cf = db.defaultColumnFamily
    const before = db.getOptions(cf)
    const wrong: object[] = [
      { comparator: bytewiseComparator },
      { mergeOperator: 'max' },
      { writeBufferSizeBytes: 4096, numLevels: 3 },
      { writeBufferSizeBytes: 4096, blockSizeBytes: -1 },
      { unknown: 1 },
    ]
    for (const changes of wrong)
      await expect(db.setOptions(cf, changes as MutableColumnFamilyOptions)).rejects.toThrow(
        InvalidOptionError,
      )
    expect(db.getOptions(cf)).toEqual(before)
    await expect(db.setDBOptions({ walRecoveryMode: 'pointInTime' } as object)).rejects.toThrow(
      InvalidOptionError,
    )
    await expect(db.setDBOptions({ maxOpenFiles: 0 })).rejects.toThrow(InvalidOptionError)
  })

  it('as they would be given resolve to the same', () => {
    const all = [
      {},
      { compactionStyle: 'fifo' as const, compactionOptionsFifo: { maxTableFilesSize: 1 } },
      { compactionStyle: 'universal' as const, mergeOperator: 'max', prefixExtractor: 'fixed:3' },
      { ttlSeconds: 5, compressionPerLevel: ['none' as const, 'lz4' as const] },
    ]
    for (const options of all) {
      const resolved = resolveColumnFamilyOptions(options, { writeBufferSizeBytes: 1 << 20 })
      expect(
        resolveColumnFamilyOptions(givenFamilyOptions(resolved), { writeBufferSizeBytes: 1 << 20 }),
      ).toEqual(resolved)
    }
  })
})
