import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isPeerThere } from '@varve/base/testing'
import { bytewiseComparator, encodeInternalKey, utf8Bytes, ValueType } from '@varve/base'
import { nodeFileSystem } from '@varve/vfs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { ChecksumType, CompressionType, IndexType, type TableOptions } from '../src/index.ts'
import { put, writeTable } from './memory-table.ts'

function runsSstDump(): boolean {
  try {
    execFileSync('sst_dump', ['--version'], { stdio: 'ignore', timeout: 120_000 })
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

const hasSstDump = isPeerThere('sst_dump (Debian package rocksdb-tools)', runsSstDump())

describe.skipIf(!hasSstDump)("RocksDB's sst_dump reads our tables", () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'varve-sst-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  for (const [checksumName, checksum] of Object.entries(ChecksumType)) {
    for (const [compressionName, compression] of Object.entries({
      none: CompressionType.NoCompression,
      snappy: CompressionType.Snappy,
      zlib: CompressionType.Zlib,
      lz4: CompressionType.LZ4,
      zstd: CompressionType.ZSTD,
    })) {
      test(`checksum ${checksumName}, compression ${compressionName}`, async () => {
        const path = join(directory, `${checksumName}-${compressionName}.sst`)
        const entries = Array.from({ length: 2000 }, (_, i) =>
          put(`key${String(i).padStart(8, '0')}`, i + 1, `value-${i}|`.repeat(10)),
        )
        await writeTable(nodeFileSystem, path, bytewiseComparator, entries, {
          checksum,
          compression,
        })
        const out = run(['--command=verify', '--verify_checksum', `--file=${path}`])
        expect(out).toContain('The file is ok')
        const properties = run(['--command=none', '--show_properties', `--file=${path}`])
        expect(properties).toContain('# entries: 2000')
        expect(properties).toContain('filter policy name: bloomfilter')
      })
    }
  }

  const layouts: Readonly<Record<string, TableOptions>> = {
    'format_version 2': { formatVersion: 2 },
    'format_version 3': { formatVersion: 3 },
    'format_version 4': { formatVersion: 4 },
    'a two-level index': { indexType: IndexType.TwoLevelIndexSearch, metadataBlockSizeBytes: 256 },
    'index and filter in partitions': {
      indexType: IndexType.TwoLevelIndexSearch,
      metadataBlockSizeBytes: 256,
      partitionFilters: true,
      prefixExtractor: 'rocksdb.FixedPrefix.9',
    },
    'an index with first keys': {
      indexType: IndexType.BinarySearchWithFirstKey,
      indexBlockRestartInterval: 4,
    },
    'an index by hash': {
      indexType: IndexType.HashSearch,
      prefixExtractor: 'rocksdb.CappedPrefix.9',
    },
    'an index that is not cut': { indexShortening: 'none', compressIndex: false },
    'an index that is cut at its end': { indexShortening: 'separatorsAndSuccessor' },
    'a Ribbon filter': { filter: 'ribbon' },
    'aligned blocks': { blockAlign: true, compression: CompressionType.NoCompression },
    'a hash index in data blocks': { dataBlockIndex: 'binaryAndHash' },
    'whole keys in data blocks': { useDeltaEncoding: false },
    lz4hc: { compression: CompressionType.LZ4HC },
    'a zstd dictionary': { compression: CompressionType.ZSTD, maxDictBytes: 4096 },
    'a trained zstd dictionary': {
      compression: CompressionType.ZSTD,
      compressionLevel: 9,
      maxDictBytes: 4096,
      zstdMaxTrainBytes: 50_000,
    },
    'an lz4 dictionary': { compression: CompressionType.LZ4, maxDictBytes: 4096 },
    'an lz4hc dictionary': { compression: CompressionType.LZ4HC, maxDictBytes: 4096 },
    'a zlib dictionary': { compression: CompressionType.Zlib, maxDictBytes: 4096 },
  }
  for (const [name, options] of Object.entries(layouts)) {
    for (const versions of [1, 300]) {
      test(`${name}, ${versions} versions of a key`, async () => {
        const path = join(directory, `layout-${name.replaceAll(' ', '-')}-${versions}.sst`)
        const entries = Array.from({ length: 2000 }, (_, i) =>
          put(
            `key${String(Math.floor(i / versions)).padStart(8, '0')}`,
            5000 - i,
            `{"number":${i},"customer":{"address":{"city":"Springfield"}}}`,
          ),
        )
        await writeTable(nodeFileSystem, path, bytewiseComparator, entries, {
          blockSizeBytes: 1024,
          ...options,
        })
        expect(run(['--command=verify', '--verify_checksum', `--file=${path}`])).toContain(
          'The file is ok',
        )
        const scanned = run(['--command=scan', '--verify_checksum', `--file=${path}`])
        expect(scanned.split('\n').filter((line) => line.includes('seq:'))).toHaveLength(2000)
        expect(scanned).not.toContain('Corruption')
      })
    }
  }

  test('scan prints every version, tombstones and all', async () => {
    const path = join(directory, 'versions.sst')
    const entries = [
      { key: encodeInternalKey(utf8Bytes('a'), 5, ValueType.Deletion), value: utf8Bytes('') },
      put('a', 4, 'x'),
      ...Array.from({ length: 500 }, (_, i) => put('b', 1000 - i, 'w'.repeat(50))),
      put('c', 3, ''),
    ]
    await writeTable(nodeFileSystem, path, bytewiseComparator, entries, { blockSizeBytes: 512 }, [
      { start: utf8Bytes('d'), end: utf8Bytes('f'), sequence: 6 },
    ])
    const out = run(['--command=scan', `--file=${path}`])
    expect(out).toContain("'a' seq:5, type:0")
    expect(out).toContain("'b' seq:501, type:1")
    expect(out.split('\n').filter((line) => line.includes('seq:'))).toHaveLength(503)
    const checked = run(['--command=check', '--verify_checksum', `--file=${path}`])
    expect(checked).not.toContain('Corruption')
  })

  test('a table without point entries', async () => {
    const path = join(directory, 'tombstones.sst')
    await writeTable(nodeFileSystem, path, bytewiseComparator, [], {}, [
      { start: utf8Bytes('d'), end: utf8Bytes('f'), sequence: 6 },
    ])
    expect(run(['--command=verify', '--verify_checksum', `--file=${path}`])).toContain('ok')
  })
})

/** Output of the tool; its exit code is 0 even for damage, so nothing may be on stderr. */
function run(args: string[]): string {
  return execFileSync('sh', ['-c', 'sst_dump "$@" 2>&1', 'sst_dump', ...args], {
    encoding: 'utf8',
    timeout: 180_000,
  })
}
