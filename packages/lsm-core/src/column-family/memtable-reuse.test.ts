import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { utf8Text } from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { DB, type Cursor, type DBOptions } from '../index.ts'

const writeBufferSizeBytes = 2 << 20

function contentOf(cursor: Cursor): [string, string][] {
  const content: [string, string][] = []
  for (cursor.seekToFirst(); cursor.valid; cursor.next())
    content.push([utf8Text(cursor.key), utf8Text(cursor.value)])
  return content
}

const byKey = (model: Map<string, string>): [string, string][] =>
  [...model].sort(([a], [b]) => (a < b ? -1 : 1))

/** Cursors are opened between writes that fill memtable after memtable, and read when those are long flushed. */
async function readBehindFlushes(directory: string, options: DBOptions): Promise<void> {
  await using db = await DB.open(directory, {
    createIfMissing: true,
    writeBufferSizeBytes,
    ...options,
  })
  const random = createSeededRandom(7)
  const model = new Map<string, string>()
  const held: { cursor: Cursor; content: [string, string][] }[] = []
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 1500; i++) {
      const key = `key ${Math.floor(random.next() * 3000)}`
      const value = `${round}-${i}`.padEnd(Math.floor(random.next() * 1500), '.')
      await db.put(key, value)
      model.set(key, value)
      expect(await db.get(key, { encoding: 'utf8' })).toBe(value)
    }
    if (round % 3 === 1) held.push({ cursor: db.cursor(), content: byKey(model) })
    if (round % 3 === 0 && held.length > 1) {
      const { cursor, content } = held.shift()!
      expect(contentOf(cursor)).toEqual(content)
      cursor.close()
    }
  }
  await db.flush()
  for (const { cursor, content } of held) {
    expect(contentOf(cursor)).toEqual(content)
    cursor.close()
  }
  using cursor = db.cursor()
  expect(contentOf(cursor)).toEqual(byKey(model))
}

describe('memory of flushed memtables', () => {
  afterEach(() => assertNoOpenResources())

  it('is not taken from under cursors that were opened before the flush', async () => {
    await readBehindFlushes('/db', { fileSystem: new MemoryFileSystem() })
  })

  it('is not taken from under cursors while threads flush', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'varve-memtable-reuse-'))
    try {
      await readBehindFlushes(directory, {})
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('is counted against the memory budget until it is given back', async () => {
    const { BlockCache } = await import('@varve/sst-format')
    const blockCache = new BlockCache({ capacityBytes: 64 << 20 })
    const db = await DB.open('/db', {
      createIfMissing: true,
      fileSystem: new MemoryFileSystem(),
      blockCache,
      writeBufferSizeBytes,
    })
    const value = new Uint8Array(1000)
    for (let i = 0; i < 2500; i++) await db.put(`${i}`, value)
    await db.flush()
    for (let i = 0; i < 10; i++) await db.put(`${i}`, value)
    expect(blockCache.reservedBytes).toBeGreaterThan(writeBufferSizeBytes)
    await db.close()
    expect(blockCache.reservedBytes).toBe(0)
  })

  it('is kept free in the memory budget from when a family is written to, for up to half of it', async () => {
    const { BlockCache } = await import('@varve/sst-format')
    const capacityBytes = 64 << 20
    for (const [writeBuffer, reserved] of [
      [8 << 20, 16 << 20],
      [48 << 20, capacityBytes / 2],
    ] as const) {
      const blockCache = new BlockCache({ capacityBytes })
      const db = await DB.open('/db', {
        createIfMissing: true,
        fileSystem: new MemoryFileSystem(),
        blockCache,
        writeBufferSizeBytes: writeBuffer,
      })
      expect(blockCache.reservedBytes).toBeLessThan(1 << 20)
      const value = new Uint8Array(1000)
      for (let i = 0; i < 5000; i++) await db.put(`${i}`, value)
      expect(blockCache.reservedBytes).toBe(reserved)
      await db.close()
    }
  })
})
