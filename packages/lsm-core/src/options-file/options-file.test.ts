import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { InvalidOptionError, reverseBytewiseComparator, utf8Bytes } from '@varve/base'
import { sharedFixture } from '@varve/base/testing'
import { parseOptionsFile } from '@varve/manifest'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import { DB, loadLatestOptions, type ColumnFamilyOptions } from '../index.ts'
import { resolveColumnFamilyOptions } from '../options/resolve.ts'
import { familyOptionsOf, familySectionOf } from './family-section.ts'
import { readNewestOptionsFile } from './read-options-file.ts'

const families: Readonly<Record<string, ColumnFamilyOptions>> = {
  default: {},
  layout: {
    formatVersion: 4,
    blockSizeBytes: 8192,
    blockRestartInterval: 8,
    indexBlockRestartInterval: 2,
    dataBlockIndex: 'binaryAndHash',
    dataBlockHashRatio: 0.5,
    index: 'twoLevel',
    indexShortening: 'none',
    metadataBlockSizeBytes: 1024,
    partitionFilters: true,
    bloomBitsPerKey: 7.5,
    filter: 'ribbon',
    bloomBeforeLevel: 2,
    wholeKeyFiltering: false,
    prefixExtractor: 'rocksdb.CappedPrefix.9',
    checksum: 'xxhash64',
  },
  compression: {
    compression: 'zstd',
    compressionLevel: 7,
    compressionPerLevel: ['none', 'lz4', 'lz4hc'],
    bottommostCompression: 'zlib',
    maxDictBytes: 4096,
    zstdMaxTrainBytes: 100_000,
  },
  aligned: { compression: 'none', blockAlign: true, bloomBitsPerKey: 0 },
  universal: {
    compactionStyle: 'universal',
    compactionOptionsUniversal: {
      sizeRatio: 3,
      minMergeWidth: 3,
      maxMergeWidth: 9,
      maxSizeAmplificationPercent: 50,
      stopStyle: 'similarSize',
      allowTrivialMove: true,
    },
  },
  fifo: {
    compactionStyle: 'fifo',
    numLevels: 1,
    ttl: 1000,
    compactionOptionsFifo: { maxTableFilesSize: 5_000_000, allowCompaction: true },
  },
  leveled: {
    compactionPri: 'oldestSmallestSeqFirst',
    numLevels: 5,
    levelCompactionDynamicLevelBytes: false,
    maxBytesForLevelMultiplier: 8,
    maxBytesForLevelMultiplierAdditional: [1, 2, 3],
    targetFileSizeMultiplier: 2,
    disableAutoCompactions: true,
  },
  'odd # = name': { comparator: reverseBytewiseComparator, mergeOperator: 'stringappend=;{' },
  times: { ttlSeconds: 3600, mergeOperator: 'uint64add' },
}

const rocksdbFile = `[Version]
  rocksdb_version=11.8.1
  options_file_version=1.1
[DBOptions]
  stats_dump_period_sec=17
  wal_dir=/elsewhere
[CFOptions "default"]
  comparator=leveldb.BytewiseComparator
  bloom_locality=3
  merge_operator={id=StringAppendOperator;delimiter=\\:;}
  compaction_options_universal={max_read_amp=4;size_ratio=9;}
[TableOptions/BlockBasedTable "default"]
  uniform_cv_threshold=5
  block_size=1234
`

describe('the OPTIONS file of a database', () => {
  it('gives back the options it was written for', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using _ = await DB.open('/db', {
        fileSystem,
        createIfMissing: true,
        columnFamilies: families,
        walRecoveryMode: 'tolerateCorruptedTailRecords',
        maxTotalWalSizeBytes: 1 << 20,
      })
    }
    const loaded = await loadLatestOptions('/db', { fileSystem })
    expect(loaded.unknown).toEqual([])
    expect(loaded.database).toMatchObject({
      walRecoveryMode: 'tolerateCorruptedTailRecords',
      maxTotalWalSizeBytes: 1 << 20,
    })
    expect(Object.keys(loaded.columnFamilies).sort()).toEqual(Object.keys(families).sort())
    for (const [name, options] of Object.entries(families))
      expect(loaded.columnFamilies[name]).toMatchObject(options)
    await using db = await DB.open('/db', {
      ...loaded.database,
      fileSystem,
      columnFamilies: loaded.columnFamilies,
    })
    expect(db.columnFamilies).toHaveLength(Object.keys(families).length)
    expect((await loadLatestOptions('/db', { fileSystem })).columnFamilies).toEqual(
      loaded.columnFamilies,
    )
  })

  it("keeps RocksDB's own options, and the version they are of", async () => {
    const fileSystem = new MemoryFileSystem()
    const open = (options: ColumnFamilyOptions): Promise<DB> =>
      DB.open('/db', { fileSystem, createIfMissing: true, columnFamilies: { default: options } })
    await (await open({})).close()
    await fileSystem.writeFileAtomic('/db/OPTIONS-000900', utf8Bytes(rocksdbFile))
    await (await open({ blockSizeBytes: 2048 })).close()
    const { file } = (await readNewestOptionsFile(fileSystem, '/db'))!
    expect(file.version.get('rocksdb_version')).toBe('11.8.1')
    expect(file.database.get('stats_dump_period_sec')).toBe('17')
    expect(file.database.has('wal_dir')).toBe(false)
    const [family] = file.families
    expect(family!.options.get('bloom_locality')).toBe('3')
    expect(family!.options.get('compaction_options_universal')).toContain('max_read_amp=4;')
    expect(family!.options.get('compaction_options_universal')).toContain('size_ratio=1;')
    expect(family!.table!.get('uniform_cv_threshold')).toBe('5')
    expect(family!.table!.get('block_size')).toBe('2048')
  })

  it('lets nobody read operands of one merge operator with another', async () => {
    const fileSystem = new MemoryFileSystem()
    const open = (options: ColumnFamilyOptions): Promise<DB> =>
      DB.open('/db', { fileSystem, createIfMissing: true, columnFamilies: { default: options } })
    await (await open({ mergeOperator: 'stringappend' })).close()
    await expect(open({ mergeOperator: 'uint64add' })).rejects.toThrow(InvalidOptionError)
    await (await open({ mergeOperator: 'stringappend=:' })).close()
  })

  it('that is damaged stops nobody', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await DB.open('/db', { fileSystem, createIfMissing: true })).close()
    await fileSystem.writeFileAtomic('/db/OPTIONS-000900', utf8Bytes('nonsense'))
    await expect(loadLatestOptions('/db', { fileSystem })).rejects.toThrow('OPTIONS-000900')
    await (await DB.open('/db', { fileSystem })).close()
    expect((await loadLatestOptions('/db', { fileSystem })).rocksdbVersion).toBe('7.8.3')
  })
})

const root = sharedFixture('fixtures/rocksdb')
describe.skipIf(root === undefined)('OPTIONS files of RocksDB', () => {
  it('of every release give options that hold, and read the same when written again', () => {
    let sections = 0
    for (const directory of readdirSync(root!).filter((name) => /^db-.*(?<!json)$/.test(name))) {
      for (const name of readdirSync(join(root!, directory))) {
        if (!name.startsWith('OPTIONS-')) continue
        const file = parseOptionsFile(readFileSync(join(root!, directory, name), 'utf8'), name)
        for (const section of file.families) {
          const { options, unknown } = familyOptionsOf(section)
          expect(unknown, `${directory}/${name}`).toEqual([])
          const resolved = resolveColumnFamilyOptions(options, { writeBufferSizeBytes: 1 << 20 })
          const again = familyOptionsOf(familySectionOf(section.name, resolved)).options
          const resolvedAgain = resolveColumnFamilyOptions(again, { writeBufferSizeBytes: 1 << 20 })
          expect(resolvedAgain).toEqual(resolved)
          sections++
        }
      }
    }
    expect(sections).toBeGreaterThan(100)
  })
})
