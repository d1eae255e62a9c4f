import {
  bytewiseComparator,
  compareBytes,
  encodeInternalKey,
  InternalKeyComparator,
  reverseBytewiseComparator,
  sequenceOf,
  userKeyOf,
  ValueType,
} from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'

import {
  BlockCache,
  ChecksumType,
  CompressionType,
  computeFileChecksum,
  createPointResult,
  IndexType,
  TableReader,
  verifyFileChecksum,
  type TableOptions,
} from '../src/index.ts'
import { createMemoryDirectory, put, writeTable, type Entry } from './memory-table.ts'

afterEach(assertNoOpenResources)

const path = '/db/000008.sst'

const keyArbitrary = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.integer({ min: 0, max: 200 }).map((n) => new TextEncoder().encode(`key${n}`)),
  fc.uint8Array({ minLength: 120, maxLength: 300 }),
)

const entriesArbitrary = fc.array(
  fc.record({
    userKey: keyArbitrary,
    sequence: fc.integer({ min: 0, max: 5 }),
    type: fc.constantFrom(ValueType.Value, ValueType.Deletion, ValueType.Merge),
    value: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 0, max: 900 }).map((n) => new Uint8Array(n).fill(7)),
    ),
  }),
  { maxLength: 120 },
)

const optionsArbitrary: fc.Arbitrary<TableOptions> = fc
  .record({
    formatVersion: fc.integer({ min: 2, max: 7 }),
    blockSizeBytes: fc.constantFrom(64, 256, 4096),
    blockRestartInterval: fc.constantFrom(1, 2, 16),
    indexBlockRestartInterval: fc.constantFrom(1, 4),
    useDeltaEncoding: fc.boolean(),
    blockAlign: fc.boolean(),
    dataBlockIndex: fc.constantFrom('binary' as const, 'binaryAndHash' as const),
    dataBlockHashRatio: fc.constantFrom(0.3, 0.75, 2),
    indexType: fc.constantFrom(...Object.values(IndexType)),
    indexShortening: fc.constantFrom(
      'none' as const,
      'separators' as const,
      'separatorsAndSuccessor' as const,
    ),
    metadataBlockSizeBytes: fc.constantFrom(64, 200, 4096),
    partitionFilters: fc.boolean(),
    compressIndex: fc.boolean(),
    checksum: fc.constantFrom(...Object.values(ChecksumType)),
    compression: fc.constantFrom(
      CompressionType.NoCompression,
      CompressionType.Snappy,
      CompressionType.Zlib,
      CompressionType.LZ4,
      CompressionType.LZ4HC,
      CompressionType.ZSTD,
    ),
    maxDictBytes: fc.constantFrom(0, 100, 1000),
    zstdMaxTrainBytes: fc.constantFrom(0, 3000),
    maxDictBufferBytes: fc.constantFrom(0, 500),
    bloomBitsPerKey: fc.constantFrom(0, 5.5, 10),
    filter: fc.constantFrom('bloom' as const, 'ribbon' as const),
    wholeKeyFiltering: fc.boolean(),
    prefixExtractor: fc.constantFrom('rocksdb.FixedPrefix.4', 'rocksdb.CappedPrefix.3'),
  })
  .map((options) => ({
    ...options,
    ...(options.blockAlign ? { compression: CompressionType.NoCompression } : {}),
    partitionFilters:
      options.partitionFilters && options.indexType === IndexType.TwoLevelIndexSearch,
  }))

describe('a table gives back what was written', () => {
  for (const user of [bytewiseComparator, reverseBytewiseComparator]) {
    test(`whatever its options, ordered by ${user.name}`, async () => {
      const order = new InternalKeyComparator(user)
      await fc.assert(
        fc.asyncProperty(entriesArbitrary, optionsArbitrary, async (random, options) => {
          const entries: Entry[] = []
          const sorted = random
            .map(({ userKey, sequence, type, value }) => ({
              key: encodeInternalKey(userKey, sequence, type),
              value,
            }))
            .sort((a, b) => order.compare(a.key, b.key))
          for (const entry of sorted) {
            const last = entries.at(-1)
            if (last === undefined || order.compare(last.key, entry.key) < 0) entries.push(entry)
          }
          const fs = await createMemoryDirectory()
          const summary = await writeTable(fs, path, user, entries, options)
          expect(summary.entries).toBe(entries.length)
          expect(summary.fileSizeBytes).toBe((await fs.stat(path)).sizeBytes)
          await using table = await TableReader.open(fs, path, {
            comparator: user,
            cache: new BlockCache({ capacityBytes: 2000 }),
          })
          await table.verify()
          expect([...table.entries()]).toEqual(entries)
          const result = createPointResult()
          const transient = createPointResult(true)
          using iterator = table.iterator()
          for (const [i, entry] of entries.entries()) {
            expect(table.getSync(entry.key, transient)).toBe(true)
            expect(transient.sequence).toBe(sequenceOf(entry.key))
            expect(compareBytes(transient.copyValue(), entry.value)).toBe(0)
            expect(table.getSync(entry.key, result)).toBe(true)
            expect(result.sequence).toBe(sequenceOf(entry.key))
            expect(compareBytes(result.value, entry.value)).toBe(0)
            expect(await table.get(entry.key, result)).toBe(true)
            expect(table.mayMatch(userKeyOf(entry.key))).toBe(true)
            expect(table.mayMatchPrefix(userKeyOf(entry.key))).toBe(true)
            iterator.seek(entry.key)
            expect(compareBytes(iterator.key, entry.key)).toBe(0)
            iterator.prev()
            expect(iterator.valid).toBe(i > 0)
            if (i > 0) expect(compareBytes(iterator.key, entries[i - 1]!.key)).toBe(0)
          }
          const backward: Uint8Array[] = []
          for (iterator.seekToLast(); iterator.valid; iterator.prev()) {
            backward.unshift(new Uint8Array(iterator.key))
          }
          expect(backward).toEqual(entries.map(({ key }) => key))
        }),
        { numRuns: 150 },
      )
    })
  }

  test('seek and seekForPrev land beside keys that are not there', async () => {
    const fs = await createMemoryDirectory()
    const entries = Array.from({ length: 300 }, (_, i) =>
      put(`k${String(i * 2).padStart(5, '0')}`, 9, `v${i}`),
    )
    await writeTable(fs, path, bytewiseComparator, entries, { blockSizeBytes: 128 })
    await using table = await TableReader.open(fs, path)
    using iterator = table.iterator()
    for (let i = 0; i < 599; i++) {
      const target = put(`k${String(i).padStart(5, '0')}`, 9, '').key
      iterator.seek(target)
      const at = Math.ceil(i / 2)
      expect(iterator.valid).toBe(at < 300)
      if (at < 300) expect(iterator.key).toEqual(entries[at]!.key)
      iterator.seekForPrev(target)
      expect(iterator.key).toEqual(entries[Math.floor(i / 2)]!.key)
    }
  })

  test('a key that is not there is not found, and the filter usually says so', async () => {
    const fs = await createMemoryDirectory()
    const entries = Array.from({ length: 1000 }, (_, i) =>
      put(`key${String(i).padStart(6, '0')}`, 5, 'v'),
    )
    await writeTable(fs, path, bytewiseComparator, entries)
    await using table = await TableReader.open(fs, path)
    let falsePositives = 0
    const result = createPointResult()
    for (let i = 0; i < 1000; i++) {
      const absent = put(`key${String(i).padStart(6, '0')}x`, 9, '').key
      expect(table.getSync(absent, result)).toBe(false)
      if (table.mayMatch(absent.subarray(0, -8))) falsePositives++
    }
    expect(falsePositives).toBeLessThan(40)
    // Present, but newer than the snapshot asked for.
    expect(table.getSync(put('key000001', 4, '').key, result)).toBe(false)
  })

  test('versions of one key that straddle blocks are found by internal-key separators', async () => {
    const fs = await createMemoryDirectory()
    const entries = Array.from({ length: 200 }, (_, i) => put('same', 200 - i, `v${i}`))
    await writeTable(fs, path, bytewiseComparator, entries, { blockSizeBytes: 64 })
    await using table = await TableReader.open(fs, path)
    expect(table.properties.indexKeyIsUserKey).toBe(false)
    const result = createPointResult()
    for (let sequence = 1; sequence <= 200; sequence++) {
      expect(table.getSync(put('same', sequence, '').key, result)).toBe(true)
      expect(result.sequence).toBe(sequence)
    }
  })
})

describe('a table knows itself', () => {
  test('bounds and counts include range tombstones', async () => {
    const fs = await createMemoryDirectory()
    const bytes = (s: string): Uint8Array => new TextEncoder().encode(s)
    const summary = await writeTable(fs, path, bytewiseComparator, [put('m', 3, 'x')], {}, [
      { start: bytes('a'), end: bytes('c'), sequence: 9 },
      { start: bytes('x'), end: bytes('z'), sequence: 7 },
    ])
    expect(summary).toMatchObject({
      entries: 3,
      deletions: 2,
      rangeDeletions: 2,
      smallestSequence: 3,
      largestSequence: 9,
    })
    expect(summary.smallest).toEqual(encodeInternalKey(bytes('a'), 9, ValueType.RangeDeletion))
    expect(summary.largest).toEqual(
      encodeInternalKey(bytes('z'), Number.POSITIVE_INFINITY, ValueType.RangeDeletion),
    )
    await using table = await TableReader.open(fs, path)
    expect(table.rangeTombstones.map(({ sequence }) => sequence)).toEqual([9, 7])
    expect(table.properties).toMatchObject({ entries: 3, rangeDeletions: 2, deletedKeys: 2 })
    expect(table.uniqueId).toEqual(summary.uniqueId)
  })

  test('the checksum of the whole file is that of its bytes', async () => {
    const fs = await createMemoryDirectory()
    const summary = await writeTable(fs, path, bytewiseComparator, [put('a', 1, 'x')], {
      fileChecksum: 'crc32c',
    })
    expect(summary.fileChecksum).toEqual(await computeFileChecksum(fs, path))
    await verifyFileChecksum(fs, path, 'FileChecksumCrc32c', summary.fileChecksum)
    await expect(
      verifyFileChecksum(fs, path, 'FileChecksumCrc32c', new Uint8Array(4)),
    ).rejects.toThrow('checksum of the whole file differs')
  })

  test('keys out of order are refused', async () => {
    const fs = await createMemoryDirectory()
    await expect(
      writeTable(fs, path, bytewiseComparator, [put('b', 1, ''), put('a', 1, '')]),
    ).rejects.toThrow('keys of a table ascend')
  })
})
