import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { VersionSet, type FileMetadata } from '@varve/manifest'
import { MemoryFileSystem, type FileSystem } from '@varve/vfs'
import { afterEach, describe, expect, test } from 'vitest'

import { DB, type ColumnFamilyOptions, type CompactionInfo } from '../src/index.ts'
import { StyleHistory } from './style-history.ts'
import { randomFamilyOptions, randomJobOptions } from './style-options.ts'

afterEach(assertNoOpenResources)

const runs = Number(process.env['VARVE_STYLE_RUNS'] ?? 16)
const families = ['default', 'other']
/** What the histories together must have made happen. */
const seen = new Set<string>()

/** What RocksDB checks when it opens a directory: level 0 by age, other levels without overlap. */
async function checkLevels(fileSystem: FileSystem): Promise<void> {
  const versions = await VersionSet.recover(fileSystem, '/db', { numLevels: 64 })
  try {
    for (const { current } of versions.columnFamilies.values()) {
      const level0 = current.levels[0]!
      for (let i = 1; i < level0.length; i++) checkOrder(level0[i - 1]!, level0[i]!)
    }
  } finally {
    await versions.close()
  }
}

function checkOrder(newer: FileMetadata, older: FileMetadata): void {
  const isSingle = older.smallestSequence === older.largestSequence
  if (isSingle && older.largestSequence < newer.largestSequence) return
  expect(newer.smallestSequence).toBeGreaterThan(older.smallestSequence)
}

describe('a history in any style of compaction', () => {
  test.each(Array.from({ length: runs }, (_, i) => i))(
    'reads as the model does, through reopening in another style (seed %i)',
    async (seed) => {
      const random = createSeededRandom(seed)
      const fileSystem = new MemoryFileSystem()
      await fileSystem.mkdir('/scratch')
      const history = new StyleHistory(random, families, { fileSystem, scratch: '/scratch' })
      // Levels only grow: what is deep must stay there.
      let numLevels = random.pick([1, 2, 3, 7])
      for (let opening = 0; opening < 3; opening++) {
        const columnFamilies: Record<string, ColumnFamilyOptions> = {}
        for (const name of families) {
          columnFamilies[name] = {
            ...randomFamilyOptions(random, numLevels),
            ...(opening === 2 && random.below(5) === 0 ? { compactionStyle: 'fifo' as const } : {}),
          }
        }
        const options = {
          fileSystem,
          createIfMissing: true,
          columnFamilies,
          ...randomJobOptions(random),
          listeners: [
            {
              onCompactionCompleted: ({ reason, kind }: CompactionInfo) =>
                seen.add(`${reason} ${kind}`),
            },
          ],
        }
        await using db = await DB.open('/db', options)
        await history.check(db)
        for (let i = 0; i < 80; i++) await history.step(db)
        await history.check(db)
        history.releaseAll()
        await db.waitForCompactions()
        await history.check(db)
        await db.close()
        await checkLevels(fileSystem)
        numLevels = Math.max(numLevels, random.pick([1, 2, 7]))
      }
    },
    60_000,
  )

  test('has met every kind of compaction', () => {
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'bottommostFiles rewrite',
        'level0FileCount move',
        'level0FileCount rewrite',
        'levelSize move',
        'levelSize rewrite',
        'manual rewrite',
        'markedForCompaction rewrite',
        'universalSizeAmplification rewrite',
        'universalSizeRatio rewrite',
        'universalSortedRunCount rewrite',
      ]),
    )
  })
})
