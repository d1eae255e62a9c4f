import {
  bytewiseComparator,
  compareBytes,
  encodeInternalKey,
  isVarveError,
  utf8Bytes,
  valueTypeForSeek,
} from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { afterEach, expect, test } from 'vitest'

import {
  BlockCache,
  ChecksumType,
  CompressionType,
  createPointResult,
  IndexType,
  TableReader,
  type TableOptions,
} from '../src/index.ts'
import { createMemoryDirectory, put, writeTable } from './memory-table.ts'

afterEach(assertNoOpenResources)

const path = '/db/000008.sst'
const count = 30_000
const random = createSeededRandom(17)
const entries = Array.from({ length: count }, (_, i) =>
  put(
    `key${String(i * 2).padStart(6, '0')}`,
    1 + (i % 7),
    `value-${i}|`.repeat(1 + random.below(30)),
  ),
)
const targets = entries.map(({ key }) =>
  encodeInternalKey(key.subarray(0, key.length - 8), 100, valueTypeForSeek),
)
const absent = encodeInternalKey(utf8Bytes('key000011'), 100, valueTypeForSeek)

const tables: Record<string, TableOptions> = {
  'one index, Snappy': { checksum: ChecksumType.XXH3 },
  'an index in partitions': { indexType: IndexType.TwoLevelIndexSearch, partitionFilters: true },
  'blocks that are not compressed': { compression: CompressionType.NoCompression },
  'another compression': { compression: CompressionType.LZ4 },
  'large blocks': { blockSizeBytes: 100_000 },
}
/** From all decompressed to nothing at all. */
const capacities = [16 << 20, 3 << 20, 2.5 * (1 << 20), 300_000, 0]

for (const [name, options] of Object.entries(tables)) {
  test(`whoever reads, in whatever way, finds what was written: ${name}`, async () => {
    const fs = await createMemoryDirectory()
    await writeTable(fs, path, bytewiseComparator, entries, options)
    for (const capacityBytes of capacities) {
      const cache = new BlockCache({ capacityBytes })
      await using table = await TableReader.open(fs, path, { cache })
      const kept = createPointResult()
      const transient = createPointResult(true)
      using iterator = table.iterator()
      // What is read often changes.
      for (let step = 0; step < 12_000; step++) {
        const way = random.below(20)
        const at =
          random.below(3) > 0 ? (step >>> 12) * 5000 + random.below(800) : random.below(count - 20)
        const { key, value } = entries[at]!
        if (way === 0) {
          const result = createPointResult()
          expect(await table.get(targets[at]!, result)).toBe(true)
          expect(compareBytes(result.value, value)).toBe(0)
        } else if (way < 4) {
          iterator.seek(key)
          for (let i = at; i < at + 20; i++) {
            expect(compareBytes(iterator.key, entries[i]!.key)).toBe(0)
            expect(compareBytes(iterator.value, entries[i]!.value)).toBe(0)
            iterator.next()
          }
        } else if (way === 4) {
          expect(table.getSync(absent, transient)).toBe(false)
        } else {
          const result = way < 8 ? kept : transient
          expect(table.getSync(targets[at]!, result)).toBe(true)
          expect(compareBytes(result.value, value)).toBe(0)
        }
        if (cache.usedBytes > capacityBytes)
          expect(cache.usedBytes).toBeLessThanOrEqual(capacityBytes)
        if (step % 3000 === 2999)
          cache.reserve(step % 2000 < 1000 ? capacityBytes / 2 : -capacityBytes)
      }
    }
  })
}

test('a damaged block is found out whenever it is asked for, and no sooner', async () => {
  const fs = await createMemoryDirectory()
  await writeTable(fs, path, bytewiseComparator, entries)
  const damaged = new Uint8Array(await fs.readFile(path))
  for (let i = 0; i < 20; i++) damaged[random.below(damaged.length / 2)]! ^= 1 << random.below(8)
  await fs.writeFileAtomic(path, damaged)
  const fails = (table: TableReader, at: number, isTransient: boolean): boolean => {
    const result = createPointResult(isTransient)
    try {
      expect(table.getSync(targets[at]!, result)).toBe(true)
      expect(compareBytes(result.value, entries[at]!.value)).toBe(0)
      return false
    } catch (error) {
      if (!isVarveError(error) || error.code !== 'VARVE_CORRUPTION') throw error
      return true
    }
  }
  await using plain = await TableReader.open(fs, path)
  const expected = targets.map((_, at) => fails(plain, at, false))
  expect(expected).toContain(true)
  expect(expected).toContain(false)
  for (const capacityBytes of capacities) {
    await using table = await TableReader.open(fs, path, {
      cache: new BlockCache({ capacityBytes }),
    })
    for (let i = 0; i < 30_000; i++) {
      const at = random.below(count)
      expect(fails(table, at, random.below(4) > 0)).toBe(expected[at])
    }
  }
})

test('hits and misses are those of look-ups', async () => {
  const fs = await createMemoryDirectory()
  await writeTable(fs, path, bytewiseComparator, entries)
  const cache = new BlockCache({ capacityBytes: 32 << 20 })
  await using table = await TableReader.open(fs, path, { cache })
  const result = createPointResult(true)
  for (let i = 1; i <= 20_000; i++) {
    const { hits, misses } = cache.stats
    table.getSync(targets[random.below(count)]!, result)
    const after = cache.stats
    expect(after.hits - hits + (after.misses - misses)).toBe(1)
  }
  // One read brings the neighbours of a block, too.
  expect(cache.stats.misses).toBeLessThan(table.properties.dataBlocks / 5)
})
