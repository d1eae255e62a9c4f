import {
  bytewiseComparator,
  compareBytes,
  encodeInternalKey,
  valueTypeForSeek,
  type InternalIterator,
} from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { afterEach, expect, test } from 'vitest'

import {
  BlockCache,
  ChecksumType,
  createPointResult,
  IndexType,
  TableReader,
  type TableOptions,
} from '../src/index.ts'
import { createMemoryDirectory, put, writeTable } from './memory-table.ts'

afterEach(assertNoOpenResources)

const tableCount = 6
const entriesPerTable = 6000
const layouts: readonly TableOptions[] = [
  { checksum: ChecksumType.XXH3 },
  { blockSizeBytes: 1000 },
  { indexType: IndexType.TwoLevelIndexSearch },
]

/** A table that is open, with cursors at places that are known. */
interface Open {
  readonly table: TableReader
  readonly cursors: { readonly iterator: InternalIterator; at: number }[]
}

test('tables that come and go share a cache, and none finds what is of another', async () => {
  const random = createSeededRandom(31)
  const fs = await createMemoryDirectory()
  const entriesOf = Array.from({ length: tableCount }, (_, t) =>
    Array.from({ length: entriesPerTable }, (_, i) =>
      put(
        `key${String(i * 2).padStart(6, '0')}`,
        1 + (i % 7),
        `${t}:${i}|`.repeat(1 + random.below(40)),
      ),
    ),
  )
  for (const [t, entries] of entriesOf.entries())
    await writeTable(fs, `/db/${t}.sst`, bytewiseComparator, entries, layouts[t % layouts.length]!)
  const targetOf = (key: Uint8Array): Uint8Array =>
    encodeInternalKey(key.subarray(0, key.length - 8), 100, valueTypeForSeek)

  const cache = new BlockCache({ capacityBytes: 3 << 20 })
  const tables: (Open | undefined)[] = []
  const transient = createPointResult(true)
  const check = (t: number, { iterator, at }: Open['cursors'][number]): void => {
    const entry = entriesOf[t]![at]
    expect(iterator.valid).toBe(entry !== undefined)
    if (entry === undefined) return
    expect(compareBytes(iterator.key, entry.key)).toBe(0)
    expect(compareBytes(iterator.value, entry.value)).toBe(0)
  }
  const close = async (t: number): Promise<void> => {
    for (const { iterator } of tables[t]?.cursors ?? []) iterator.close()
    await tables[t]?.table.close()
    tables[t] = undefined
  }
  for (let step = 0; step < 25_000; step++) {
    const t = random.below(tableCount)
    const open = (tables[t] ??= {
      table: await TableReader.open(fs, `/db/${t}.sst`, { cache }),
      cursors: [],
    })
    const entries = entriesOf[t]!
    const at = random.below(3) > 0 ? random.below(500) : random.below(entriesPerTable)
    const { key, value } = entries[at]!
    switch (random.below(12)) {
      case 0:
        if (random.below(40) === 0) await close(t)
        break
      case 1:
        if (random.below(40) === 0) cache.capacityBytes = (1 + random.below(24)) << 19
        break
      case 2: {
        if (open.cursors.length === 3) open.cursors.shift()!.iterator.close()
        const iterator = open.table.iterator({
          reuseBlocks: true,
          ...(random.below(4) === 0 ? { readaheadBytes: 10_000 } : {}),
        })
        open.cursors.push({ iterator, at: -1 })
        break
      }
      case 3:
      case 4:
      case 5: {
        const cursor = open.cursors[random.below(3)]
        if (cursor === undefined) break
        const { iterator } = cursor
        switch (random.below(5)) {
          case 0:
            iterator.seek(targetOf(key))
            cursor.at = at
            break
          case 1:
            iterator.seekForPrev(targetOf(key))
            cursor.at = at - 1
            break
          case 2:
            iterator.rest()
            cursor.at = -1
            break
          default: {
            const direction = random.below(2)
            for (let i = random.below(60); i > 0 && iterator.valid; i--) {
              if (direction === 0) iterator.next()
              else iterator.prev()
              cursor.at += direction === 0 ? 1 : -1
              check(t, cursor)
            }
          }
        }
        break
      }
      case 6: {
        const result = createPointResult()
        expect(await open.table.get(targetOf(key), result)).toBe(true)
        expect(compareBytes(result.value, value)).toBe(0)
        break
      }
      default:
        expect(open.table.getSync(targetOf(key), transient)).toBe(true)
        expect(compareBytes(transient.value, value)).toBe(0)
    }
    // What one does changes nothing of what another one stands on.
    if (step % 4 === 0)
      for (const [other, each] of tables.entries())
        for (const cursor of each?.cursors ?? []) if (cursor.at !== -1) check(other, cursor)
    if (cache.usedBytes > cache.capacityBytes)
      expect(cache.usedBytes).toBeLessThanOrEqual(cache.capacityBytes)
  }
  for (let t = 0; t < tableCount; t++) await close(t)
  expect(cache.stats.entries).toBe(0)
  expect(cache.stats.compressedBytes).toBeLessThanOrEqual(1 << 20)
}, 60_000)
