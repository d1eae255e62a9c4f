import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { reverseBytewiseComparator } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { DB, WriteBatch, type ColumnFamilyOptions } from '../src/index.ts'
import { hasRocksdbTools } from './rocksdb-programs.ts'

const columnFamilies: Readonly<Record<string, ColumnFamilyOptions>> = {
  default: { writeBufferSizeBytes: 50_000, level0FileNumCompactionTrigger: 2, compression: 'none' },
  snappy: {
    writeBufferSizeBytes: 30_000,
    targetFileSizeBaseBytes: 8000,
    maxBytesForLevelBase: 20_000,
  },
  lz4: { writeBufferSizeBytes: 40_000, compression: 'lz4', checksum: 'xxh3' },
  zstd: { writeBufferSizeBytes: 40_000, compression: 'zstd' },
  zlib: { writeBufferSizeBytes: 40_000, compression: 'zlib', bloomBitsPerKey: 0 },
  reverse: { writeBufferSizeBytes: 40_000, comparator: reverseBytewiseComparator },
  counters: { writeBufferSizeBytes: 40_000, mergeOperator: 'uint64add' },
  notes: { writeBufferSizeBytes: 40_000, mergeOperator: 'stringappend' },
  partitioned: {
    writeBufferSizeBytes: 40_000,
    index: 'twoLevel',
    partitionFilters: true,
    metadataBlockSizeBytes: 256,
    prefixExtractor: 'fixed:6',
    wholeKeyFiltering: false,
  },
  hashed: {
    writeBufferSizeBytes: 40_000,
    index: 'hash',
    prefixExtractor: 'capped:7',
    dataBlockIndex: 'binaryAndHash',
    checksum: 'xxhash64',
  },
  ribbon: { writeBufferSizeBytes: 400_000, filter: 'ribbon', bloomBeforeLevel: -1 },
  dictionary: {
    writeBufferSizeBytes: 40_000,
    index: 'firstKey',
    compressionPerLevel: ['none', 'lz4'],
    bottommostCompression: 'zstd',
    maxDictBytes: 2000,
    zstdMaxTrainBytes: 20_000,
    formatVersion: 4,
  },
}

describe.skipIf(!hasRocksdbTools('ldb', 'sst_dump'))('RocksDB on a directory written here', () => {
  let directory: string
  const expected = new Map<string, string[]>()

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'varve-tools-'))
    {
      await using db = await DB.open(directory, { createIfMissing: true, columnFamilies })
      for (let n = 0; n < 3000; n++) {
        const batch = new WriteBatch()
        for (const cf of db.columnFamilies) {
          const key = `key${String((n * 7919) % 1000).padStart(6, '0')}`
          if (cf.name === 'counters')
            batch.merge(key, Uint8Array.of(n & 0xff, 0, 0, 0, 0, 0, 0, 0), { cf })
          else if (cf.name === 'notes') batch.merge(key, `n${n}`, { cf })
          else if (n % 11 === 0) batch.delete(key, { cf })
          else batch.put(key, `value ${n} `.repeat(n % 8), { cf })
          if (n % 500 === 499 && cf.name !== 'reverse')
            batch.deleteRange('key000100', 'key000150', { cf })
        }
        await db.write(batch)
        if (n === 1500) await db.flush()
      }
      await db.compactRange({ cf: db.columnFamily('snappy') })
      await db.compactRange({ cf: db.columnFamily('counters') })
      await db.compactRange({ cf: db.columnFamily('dictionary') })
      await db.compactRange({ cf: db.columnFamily('partitioned') })
      await db.flush({ cf: db.columnFamily('zstd') })
      for (const cf of db.columnFamilies) {
        const lines: string[] = []
        for await (const [key, value] of db.range({ cf })) {
          lines.push(
            `0x${Buffer.from(key).toString('hex').toUpperCase()} : 0x${Buffer.from(value).toString('hex').toUpperCase()}`,
          )
        }
        expected.set(cf.name, lines)
      }
    }
    assertNoOpenResources()
  }, 60_000)

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true })
  })

  const ldb = (...args: string[]): string =>
    execFileSync('ldb', [`--db=${directory}`, ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  it('finds it consistent', () => {
    expect(ldb('checkconsistency')).toContain('OK')
    expect(ldb('list_column_families')).toContain('lz4')
  })

  for (const name of Object.keys(columnFamilies)) {
    it(`scans family ${name}, its unflushed part too, and sees what we see`, () => {
      const seen = ldb(`--column_family=${name}`, 'scan', '--hex')
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd())
      expect(seen).toEqual(expected.get(name)!.map((line) => line.trimEnd()))
    })
  }

  it('verifies every block of every table', () => {
    const tables = readdirSync(directory).filter((name) => name.endsWith('.sst'))
    expect(tables.length).toBeGreaterThan(5)
    for (const name of tables) {
      for (const command of ['check', 'verify']) {
        const result = spawnSync(
          'sst_dump',
          [`--file=${join(directory, name)}`, `--command=${command}`, '--verify_checksum'],
          { encoding: 'utf8' },
        )
        // sst_dump ends with 0 on damage too: an empty stderr is the verdict.
        expect(result.stderr, `${command} ${name}`).toBe('')
        expect(result.status).toBe(0)
      }
    }
  })

  it('reads the manifest and the logs', () => {
    expect(ldb('manifest_dump')).toContain('Column family "reverse"')
    for (const name of readdirSync(directory).filter((file) => file.endsWith('.log'))) {
      const result = spawnSync(
        'ldb',
        ['dump_wal', `--walfile=${join(directory, name)}`, '--header'],
        { encoding: 'utf8', maxBuffer: 1 << 28 },
      )
      expect(result.stderr).toBe('')
    }
  })

  it('finds keys that are there, and none that are not', () => {
    for (const [name, lines] of expected) {
      const [key, value] = lines[lines.length >> 1]!.trimEnd().split(' : ')
      const family = [`--db=${directory}`, `--column_family=${name}`]
      const found = spawnSync('ldb', [...family, 'get', '--hex', key!], { encoding: 'utf8' })
      expect(found.stdout.trimEnd(), name).toBe(value)
      const absent = spawnSync('ldb', [...family, 'get', '--hex', `${key}00`], { encoding: 'utf8' })
      expect(absent.status, name).toBe(1)
      expect(absent.stderr, name).toContain('NotFound')
    }
  })

  it('shows its versions and files, and what each table is', () => {
    expect(ldb('idump', '--hex')).toMatch(/^'6B6579[0-9A-F]+' seq:\d+, type:1/m)
    const tables = readdirSync(directory).filter((name) => name.endsWith('.sst'))
    const files = ldb('list_live_files_metadata')
    for (const name of tables) expect(files).toContain(name)
    for (const name of tables) {
      const args = [`--file=${join(directory, name)}`, '--command=identify', '--show_properties']
      const { status, stdout, stderr } = spawnSync('sst_dump', args, { encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toMatch(/comparator name: (leveldb|rocksdb)/)
    }
  })

  it('writes to it and compacts it, and we read the result', async () => {
    ldb('put', 'from-ldb', 'hello')
    ldb('compact')
    await using db = await DB.open(directory, { columnFamilies })
    expect(await db.get('from-ldb', { encoding: 'utf8' })).toBe('hello')
    let keys = 0
    for await (const [key] of db.range({ cf: db.columnFamily('zlib') }))
      keys += key.length > 0 ? 1 : 0
    expect(keys).toBe(expected.get('zlib')!.length)
  })
})

/** These tools of 7.8 do not look into OPTIONS. */
describe.skipIf(!hasRocksdbTools('ldb'))("RocksDB's tools that know no options", () => {
  it('list checksums and range tombstones of tables written here, and repair the directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'varve-tools-'))
    const ldb = (...args: string[]): string =>
      execFileSync('ldb', [`--db=${directory}`, ...args], { encoding: 'utf8' })
    try {
      {
        await using db = await DB.open(directory, {
          createIfMissing: true,
          columnFamilies: { default: { disableAutoCompactions: true } },
        })
        for (let n = 0; n < 300; n++) {
          await db.put(`key${n % 200}`, `value ${n}`)
          if (n % 100 === 99) await db.flush()
        }
        await db.deleteRange('key150', 'key160')
        await db.flush()
        await db.put('last', 'in the log')
      }
      const before = ldb('scan', '--hex')
      const checksums = ldb('file_checksum_dump')
      for (const name of readdirSync(directory).filter((file) => file.endsWith('.sst')))
        expect(checksums).toMatch(new RegExp(`^${Number.parseInt(name, 10)}, `, 'm'))
      expect(ldb('list_file_range_deletes')).toContain('start: 6B6579313530 end: 6B6579313630')
      expect(ldb('repair')).toContain('OK')
      expect(ldb('scan', '--hex')).toBe(before)
      await using db = await DB.open(directory)
      expect(await db.get('last', { encoding: 'utf8' })).toBe('in the log')
      expect(await db.get('key155')).toBeUndefined()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
