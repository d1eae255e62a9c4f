import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { bytewiseComparator, encodeInternalKey, utf8Bytes, ValueType } from '@varve/base'
import { nodeFileSystem } from '@varve/vfs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { ChecksumType, CompressionType } from '../src/index.ts'
import { put, writeTable } from './memory-table.ts'

function hasSstDump(): boolean {
  try {
    execFileSync('sst_dump', ['--version'], { stdio: 'ignore', timeout: 10_000 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return true
    if (process.env['VARVE_REQUIRE_PEERS'] === '1') throw error
    console.log('skipped: sst_dump of rocksdb-tools is missing')
    return false
  }
}

describe.skipIf(!hasSstDump())("RocksDB's sst_dump reads our tables", () => {
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
    timeout: 60_000,
  })
}
