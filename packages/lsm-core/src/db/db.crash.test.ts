import { CorruptionError } from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { DB, SstFileWriter, WriteBatch, type DBOptions } from '../index.ts'

const families = {
  default: { writeBufferSizeBytes: 7000, level0FileNumCompactionTrigger: 2, blockSizeBytes: 256 },
  other: { writeBufferSizeBytes: 5000, compression: 'none' },
} as const

interface Cut {
  /** The disk as a loss of power at this point leaves it. */
  readonly disk: MemoryFileSystem
  /** Batches that were acknowledged with sync before. */
  readonly synced: number
  /** Batches that were asked for. */
  readonly asked: number
  readonly at: string
}

/** Batch n writes n under one key of each family, and n under a key of its own. */
function batchOf(db: DB, n: number): WriteBatch {
  const cf = db.columnFamily('other')
  return new WriteBatch()
    .put('last', String(n))
    .put('last', String(n), { cf })
    .put(`key${String(n).padStart(4, '0')}`, 'x'.repeat(n % 150))
    .put(`key${String(n % 7)}`, String(n), { cf })
}

/** The disk opens, and holds exactly the first m batches for an m between what was synced and what was asked for. */
async function checkPrefix(
  { disk, synced, asked, at }: Cut,
  recycleLogFileNum: number,
): Promise<void> {
  const options: DBOptions = {
    createIfMissing: true,
    fileSystem: disk,
    columnFamilies: families,
    recycleLogFileNum,
    trackAndVerifyWalsInManifest: recycleLogFileNum !== 1,
  }
  await using db = await DB.open('/db', options)
  const other = db.columnFamily('other')
  const last = Number((await db.get('last', { encoding: 'utf8' })) ?? 0)
  expect(last, `batches after a cut at ${at}`).toBeGreaterThanOrEqual(synced)
  expect(last).toBeLessThanOrEqual(asked)
  expect(
    Number((await db.get('last', { cf: other, encoding: 'utf8' })) ?? 0),
    `both families at ${at}`,
  ).toBe(last)
  let keys = 0
  using cursor = db.cursor({ gte: 'key', lt: 'kez' })
  for (cursor.seekToFirst(); cursor.valid; cursor.next()) keys++
  expect(keys, `keys after a cut at ${at}`).toBe(last)
  // What was recovered takes writes and survives another opening.
  await db.write(batchOf(db, last + 1), { sync: true })
  await db.close()
  await using again = await DB.open('/db', options)
  expect(await again.get('last', { encoding: 'utf8' })).toBe(String(last + 1))
}

/** A record of the MANIFEST of which a later sector is there and an earlier one is not looks like damage, and is refused as such. */
function isTornManifest(error: unknown): boolean {
  return error instanceof CorruptionError && error.file?.includes('MANIFEST') === true
}

describe('DB after a loss of power', () => {
  afterEach(() => assertNoOpenResources())

  const runs: readonly { seed?: number; recycleLogFileNum: number; reordered?: boolean }[] = [
    { recycleLogFileNum: 0 },
    ...[1, 2, 3].map((seed) => ({ seed, recycleLogFileNum: 0 })),
    { recycleLogFileNum: 2 },
    { recycleLogFileNum: 1, seed: 4 },
    { recycleLogFileNum: 2, seed: 5, reordered: true },
    { recycleLogFileNum: 2, seed: 6, reordered: true },
  ]
  for (const { seed, recycleLogFileNum, reordered = false } of runs) {
    const how = `seed ${seed ?? 'none'}, ${recycleLogFileNum} logs recycled${reordered ? ', sectors in any order' : ''}`
    it(`keeps every synced batch and whole batches only, cut at every write and sync (${how})`, async () => {
      const disk = new MemoryFileSystem()
      const fileSystem = new FaultInjectionFileSystem(disk)
      const random = createSeededRandom(seed ?? 0)
      const cuts: Cut[] = []
      let synced = 0
      let asked = 0
      let calls = 0
      fileSystem.observe((operation, path) => {
        if (operation === 'read' || operation === 'open' || operation === 'lock') return
        if (operation === 'append' && calls++ % 5 !== 0) return
        const fork = disk.forkAfterPowerLoss(
          seed === undefined ? {} : { seed: random.below(1 << 30) + 1, reordered },
        )
        cuts.push({ disk: fork, synced, asked, at: `${operation} of ${path}` })
      })
      {
        await using db = await DB.open('/db', {
          createIfMissing: true,
          fileSystem,
          columnFamilies: families,
          recycleLogFileNum,
          trackAndVerifyWalsInManifest: recycleLogFileNum !== 1,
        })
        for (let n = 1; n <= 150; n++) {
          const sync = random.below(4) === 0
          asked = n
          if (random.below(2) === 0) await db.write(batchOf(db, n), { sync })
          else db.writeSync(batchOf(db, n), { sync })
          if (sync) synced = n
          if (random.below(40) === 0) await db.flush()
          if (random.below(60) === 0) await db.compactRange()
        }
      }
      fileSystem.observe(undefined)
      expect(cuts.length).toBeGreaterThan(100)
      const sample = cuts.filter((_, i) => i % 3 === 0 || cuts[i]!.at.includes('sync'))
      let refused = 0
      for (const cut of sample) {
        try {
          await checkPrefix(cut, recycleLogFileNum)
        } catch (error) {
          if (!reordered || !isTornManifest(error)) throw error
          refused++
        }
      }
      expect(refused).toBeLessThan(sample.length / 10)
    })
  }

  it('has an external table whole once it is taken in, and a checkpoint whole when it is there', async () => {
    const disk = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(disk)
    const forks: { readonly disk: MemoryFileSystem; readonly ingested: number }[] = []
    let ingested = 0
    fileSystem.observe((operation) => {
      if (operation === 'read' || operation === 'open' || operation === 'lock') return
      forks.push({ disk: disk.forkAfterPowerLoss(), ingested })
    })
    {
      await using db = await DB.open('/db', { createIfMissing: true, fileSystem })
      for (let n = 1; n <= 5; n++) {
        const path = `/external${n}.sst`
        await using writer = await SstFileWriter.open(path, { fileSystem })
        for (const key of ['a', 'b', 'c']) writer.put(key, String(n))
        await writer.finish()
        await db.put('b', 'memtable', { sync: true })
        await db.ingestExternalFile(path)
        ingested = n
        if (n === 3) await db.checkpoint('/copy')
      }
    }
    fileSystem.observe(undefined)
    for (const { disk: fork, ingested: least } of forks) {
      await using db = await DB.open('/db', { createIfMissing: true, fileSystem: fork })
      const [a, b, c] = await Promise.all(
        ['a', 'b', 'c'].map((key) => db.get(key, { encoding: 'utf8' })),
      )
      expect(c).toBe(a)
      expect([a, 'memtable', undefined]).toContain(b)
      expect(Number(a ?? 0)).toBeGreaterThanOrEqual(least)
      expect((await fork.list('/db')).filter((name) => name.endsWith('.sst')).length).toBeLessThan(
        12,
      )
      if (!(await fork.exists('/copy'))) continue
      await using copy = await DB.open('/copy', { fileSystem: fork })
      expect(await copy.get('b', { encoding: 'utf8' })).toBe('3')
    }
    expect(forks.some(({ ingested: least }) => least === 5)).toBe(true)
  })

  it('keeps every acknowledged batch when only the process dies', async () => {
    const disk = new MemoryFileSystem()
    for (let round = 0; round < 20; round++) {
      // Not closed: its files and lock die with the crash.
      const db = await DB.open('/db', {
        createIfMissing: true,
        fileSystem: disk,
        columnFamilies: families,
        recycleLogFileNum: round % 4,
      })
      const before = Number((await db.get('last', { encoding: 'utf8' })) ?? 0)
      expect(before).toBe(round * 40)
      for (let n = before + 1; n <= before + 40; n++)
        db.writeSync(batchOf(db, n), { sync: round % 2 === 0 })
      disk.crash({ loss: 'process' })
      await db.close().catch(() => undefined)
    }
  })
})
