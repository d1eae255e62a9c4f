import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { VarveLevel } from '@varve/level'

describe('VarveLevel', () => {
  let location: string
  beforeEach(() => {
    location = mkdtempSync(join(tmpdir(), 'varve-level-'))
  })
  afterEach(() => {
    rmSync(location, { recursive: true, force: true })
  })

  it('keeps what was written when it is opened again', async () => {
    {
      await using db = new VarveLevel<string, number>(location, { valueEncoding: 'json' })
      await db.put('a', 1, { sync: true })
      await db.batch().put('b', 2).put('c', 3).del('a').write({ sync: true })
    }
    await using db = new VarveLevel<string, number>(location, { valueEncoding: 'json' })
    expect(await db.iterator().all()).toEqual([
      ['b', 2],
      ['c', 3],
    ])
    expect(db.location).toBe(location)
  })

  it('tells by codes why it cannot be opened', async () => {
    await using db = new VarveLevel(location)
    await db.open()
    const second = new VarveLevel(location)
    await expect(second.open()).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
      cause: { code: 'LEVEL_LOCKED', cause: { code: 'VARVE_LOCKED' } },
    })
    expect(() => new VarveLevel('')).toThrow(TypeError)
  })

  it('clears a large range at once and leaves its neighbours', async () => {
    await using db = new VarveLevel(location)
    const key = (i: number): string => `k${String(i).padStart(5, '0')}`
    await db.batch(
      Array.from({ length: 3000 }, (_, i) => ({ type: 'put' as const, key: key(i), value: 'v' })),
    )
    await db.clear({ gt: key(10), lte: key(2500) })
    const left = await db.keys().all()
    expect(left).toHaveLength(510)
    expect(left.slice(10, 12)).toEqual([key(10), key(2501)])
    await db.clear({ gte: key(2600), reverse: true, limit: 2 })
    expect((await db.keys({ reverse: true, limit: 1 }).all())[0]).toBe(key(2997))
  })

  it('compacts, and tells how much a range takes', async () => {
    await using db = new VarveLevel<string, Uint8Array>(location, {
      valueEncoding: 'view',
      family: { compression: 'none' },
    })
    for (let i = 0; i < 100; i++) await db.put(`k${i}`, new Uint8Array(1000))
    expect(await db.approximateSize('k', 'l')).toBe(0)
    await db.compactRange('k', 'l')
    expect(await db.approximateSize('k', 'l')).toBeGreaterThan(100_000)
    expect(await db.approximateSize('k5', 'k6')).toBeLessThan(20_000)
    expect(await db.approximateSize('x', 'y')).toBe(0)
    expect(db.getProperty('rocksdb.num-files-at-level0')).toBe('0')
  })

  it('lets the event loop turn while it reads many entries', async () => {
    await using db = new VarveLevel(location)
    await db.open()
    const batch = db.batch()
    for (let i = 0; i < 5000; i++) batch.put(String(i), '')
    await batch.write()
    let turns = 0
    const interval = setInterval(() => turns++, 0)
    for await (const [key] of db.iterator()) void key
    const all = await db.values().all()
    clearInterval(interval)
    expect(all).toHaveLength(5000)
    expect(turns).toBeGreaterThan(0)
  })
})
