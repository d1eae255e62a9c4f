import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { assertNoOpenResources } from '@varve/base/testing'
import { afterEach, describe, expect, test } from 'vitest'

import { DB, RateLimiter, type DBOptions, type EventListener } from '../index.ts'

afterEach(assertNoOpenResources)

/** Counts what runs at once. */
class Overlap implements EventListener {
  compactions = 0
  mostCompactions = 0
  flushesDuringCompactions = 0
  created = 0
  deleted = 0

  onCompactionBegin(): void {
    this.compactions++
    this.mostCompactions = Math.max(this.mostCompactions, this.compactions)
  }

  onCompactionCompleted(): void {
    this.compactions--
  }

  onFlushCompleted(): void {
    if (this.compactions > 0) this.flushesDuringCompactions++
  }

  onTableFileCreated(): void {
    this.created++
  }

  onTableFileDeleted(): void {
    this.deleted++
  }
}

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'varve-parallel-'))
  try {
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function tablesIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith('.sst'))
}

async function fill(db: DB, entries: number): Promise<void> {
  for (let n = 0; n < entries; n++) {
    const writes = db.columnFamilies.map((cf) =>
      db.put(`k${(n * 7919) % 5000}`, `value ${n}`.repeat(5), { cf }),
    )
    if (n % 50 === 0) await Promise.all(writes)
  }
  await db.flush()
  await db.waitForCompactions()
}

describe.each(['worker', 'inline'] as const)('jobs that run %s', (background) => {
  const family = {
    writeBufferSizeBytes: 60_000,
    level0FileNumCompactionTrigger: 2,
    targetFileSizeBaseBytes: 20_000,
    maxBytesForLevelBase: 60_000,
    maxBytesForLevelMultiplier: 4,
  }
  const options: DBOptions = {
    createIfMissing: true,
    background,
    columnFamilies: { default: family, b: family, c: family, d: family },
  }

  test('compact several families at once, and flush meanwhile', () =>
    withDirectory(async (directory) => {
      const listener = new Overlap()
      {
        await using db = await DB.open(directory, {
          ...options,
          maxBackgroundJobs: 8,
          listeners: [listener],
        })
        await fill(db, 6000)
        expect(listener.mostCompactions).toBeGreaterThan(1)
        expect(listener.mostCompactions).toBeLessThanOrEqual(6)
        expect(listener.flushesDuringCompactions).toBeGreaterThan(0)
        expect(listener.created).toBeGreaterThan(listener.deleted)
        expect(listener.deleted).toBeGreaterThan(0)
      }
      await using db = await DB.open(directory, options)
      await db.verifyChecksum()
      for (const cf of db.columnFamilies) {
        let keys = 0
        for await (const entry of db.range({ cf })) keys += entry.length / 2
        expect(keys).toBe(5000)
      }
    }))

  test('compact one at a time when that is asked for', () =>
    withDirectory(async (directory) => {
      const listener = new Overlap()
      await using db = await DB.open(directory, {
        ...options,
        maxBackgroundCompactions: 1,
        listeners: [listener],
      })
      await fill(db, 2000)
      expect(listener.mostCompactions).toBe(1)
    }))

  test('cut a large compaction into parts', () =>
    withDirectory(async (directory) => {
      const outputs: number[] = []
      const listener: EventListener = {
        onCompactionCompleted: ({ outputFiles }) => void outputs.push(outputFiles?.length ?? 0),
      }
      const columnFamilies = { default: { ...family, disableAutoCompactions: true } }
      await using db = await DB.open(directory, {
        ...options,
        columnFamilies,
        maxSubcompactions: 4,
        listeners: [listener],
      })
      for (let n = 0; n < 5000; n++) await db.put(`k${10_000 + n}`, `${n}`.padEnd(30))
      await db.compactRange()
      await db.deleteRange('k11000', 'k14000')
      for (let n = 0; n < 5000; n += 7) await db.put(`k${10_000 + n}`, `${n}`.padEnd(30, '!'))
      await db.compactRange()
      await db.verifyChecksum()
      for (let n = 0; n < 5000; n++) {
        const value = n % 7 === 0 ? `${n}`.padEnd(30, '!') : `${n}`.padEnd(30)
        const isDeleted = n >= 1000 && n < 4000 && n % 7 !== 0
        const found = await db.get(`k${10_000 + n}`, { encoding: 'utf8' })
        expect(found).toBe(isDeleted ? undefined : value)
      }
      expect(Math.max(...outputs)).toBeGreaterThan(3)
    }))

  test('write no faster than a rate limiter of several databases lets them', () =>
    withDirectory(async (directory) => {
      const rateLimiter = RateLimiter.create({ bytesPerSecond: 400_000, refillPeriodMs: 10 })
      const open = (name: string): Promise<DB> =>
        DB.open(join(directory, name), {
          createIfMissing: true,
          background,
          rateLimiter,
          columnFamilies: { default: { compression: 'none' } },
        })
      await using one = await open('one')
      await using two = await open('two')
      const startMs = performance.now()
      for (const db of [one, two])
        for (let n = 0; n < 100; n++) await db.put(`k${n}`, 'v'.repeat(1000))
      await Promise.all([one.flush(), two.flush()])
      const flushed = rateLimiter.totalBytesThrough('high')
      expect(flushed).toBeGreaterThan(200_000)
      const seconds = (performance.now() - startMs) / 1000
      expect(flushed / seconds).toBeLessThan(500_000)
      await one.compactRange({ bottommostLevelCompaction: 'force' })
      expect(rateLimiter.totalBytesThrough('low')).toBeGreaterThan(100_000)
    }))
})

describe('closing', () => {
  test('gives up compactions that run, in all their parts, and leaves no stray table', () =>
    withDirectory(async (directory) => {
      const rateLimiter = RateLimiter.create({ bytesPerSecond: 20_000 })
      const columnFamilies = {
        default: { targetFileSizeBaseBytes: 10_000, disableAutoCompactions: true },
      }
      const options = { createIfMissing: true, columnFamilies }
      {
        await using db = await DB.open(directory, options)
        for (let n = 0; n < 3000; n++) await db.put(`k${n}`, `${n * 7919}`.padEnd(20))
        await db.compactRange({ bottommostLevelCompaction: 'force' })
      }
      const before = tablesIn(directory)
      expect(before.length).toBeGreaterThan(3)
      const db = await DB.open(directory, { ...options, rateLimiter, maxSubcompactions: 3 })
      const compaction = db.compactRange({ bottommostLevelCompaction: 'force' })
      await new Promise((resolve) => {
        setTimeout(resolve, 200)
      })
      await Promise.all([expect(compaction).rejects.toBeDefined(), db.close()])
      expect(tablesIn(directory)).toEqual(before)
      await using again = await DB.open(directory, options)
      await again.verifyChecksum()
    }))
})
