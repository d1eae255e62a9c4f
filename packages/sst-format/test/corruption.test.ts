import { bytewiseComparator, compareBytes, isVarveError } from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { afterEach, expect, test } from 'vitest'

import { ChecksumType, CompressionType, TableReader } from '../src/index.ts'
import { createMemoryDirectory, put, writeTable } from './memory-table.ts'

afterEach(assertNoOpenResources)

const path = '/db/000008.sst'
const entries = Array.from({ length: 400 }, (_, i) =>
  put(`key${String(i).padStart(6, '0')}`, 1 + (i % 7), `value-${i}|`.repeat(3)),
)

for (const checksum of [ChecksumType.CRC32c, ChecksumType.XXH3]) {
  for (const compression of [CompressionType.NoCompression, CompressionType.Snappy]) {
    test(`a flipped bit is found or does no harm (checksum ${checksum}, compression ${compression})`, async () => {
      const fs = await createMemoryDirectory()
      await writeTable(fs, path, bytewiseComparator, entries, { checksum, compression })
      const sound = await fs.readFile(path)
      const random = createSeededRandom(checksum * 10 + compression)
      let found = 0
      for (let round = 0; round < 300; round++) {
        const damaged = new Uint8Array(sound)
        const at = round < 60 ? sound.length - 1 - round : random.below(sound.length)
        damaged[at]! ^= 1 << random.below(8)
        await fs.writeFileAtomic(path, damaged)
        try {
          await using table = await TableReader.open(fs, path)
          let i = 0
          for (const { key, value } of table.entries()) {
            // Never wrong data: an entry that is shown is the one that was written.
            expect(compareBytes(key, entries[i]!.key)).toBe(0)
            expect(compareBytes(value, entries[i]!.value)).toBe(0)
            i++
          }
          await table.verify()
          expect(i).toBe(entries.length)
        } catch (error) {
          if (!isVarveError(error)) throw error
          expect(['VARVE_CORRUPTION', 'VARVE_UNSUPPORTED']).toContain(error.code)
          if (error.code === 'VARVE_CORRUPTION') expect(error.message).toContain(path)
          found++
        }
      }
      // Unused bytes (padding of the footer) may differ unnoticed.
      expect(found).toBeGreaterThan(250)
    })
  }
}

test('a file cut short at any place is refused', async () => {
  const fs = await createMemoryDirectory()
  await writeTable(fs, path, bytewiseComparator, entries)
  const sound = await fs.readFile(path)
  const random = createSeededRandom(5)
  for (let round = 0; round < 100; round++) {
    const length = round < 10 ? round * 8 : random.below(sound.length)
    await fs.writeFileAtomic(path, sound.subarray(0, length))
    await expect(TableReader.open(fs, path)).rejects.toThrow(/table|file|magic|footer/)
  }
})
