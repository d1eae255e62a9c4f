import { InvalidOptionError, NotOpenError, utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB, WriteBatch } from '../index.ts'

describe('looking many keys up', () => {
  let db: DB
  const count = 20_000
  const key = (i: number): string => `key${String((i * 7919) % count).padStart(6, '0')}`
  beforeEach(async () => {
    db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      columnFamilies: { other: {} },
    })
    const batch = new WriteBatch()
    for (let i = 0; i < count; i += 2)
      batch.put(key(i), `v${i}`).put(key(i), `o${i}`, { cf: db.columnFamily('other') })
    await db.write(batch)
    await db.flush()
  })
  afterEach(async () => {
    await db.close()
    assertNoOpenResources()
  })

  it('answers in the order of the keys, of one moment, and lets the event loop turn', async () => {
    const keys = Array.from({ length: count }, (_, i) => key(i))
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    const found = db.multiGet(keys)
    await db.deleteRange('key', 'kez')
    await db.compactRange()
    const values = await found
    clearInterval(timer)
    expect(values.map((value) => value && utf8Text(value))).toEqual(
      keys.map((_, i) => (i % 2 === 0 ? `v${i}` : undefined)),
    )
    expect(turns).toBeGreaterThan(0)
    expect(await db.multiGet(keys.slice(0, 3))).toEqual([undefined, undefined, undefined])
  })

  it('takes a family for each key', async () => {
    const other = db.columnFamily('other')
    const columnFamilies = [other, db.defaultColumnFamily, other]
    const values = db.multiGetSync([key(0), key(0), key(1)], { columnFamilies })
    expect(values.map((value) => value && utf8Text(value))).toEqual(['o0', 'v0', undefined])
    expect(() => db.multiGetSync(['a'], { columnFamilies })).toThrow(InvalidOptionError)
  })

  it('ends when the database closes', async () => {
    const keys = Array.from({ length: count }, (_, i) => key(i))
    const outcome = db.multiGet(keys).then(
      () => 'done',
      (error: unknown) => error,
    )
    await db.close()
    const result = await outcome
    if (result !== 'done') expect(result).toBeInstanceOf(NotOpenError)
  })

  it('says for certain that a key is not there, by filters', () => {
    expect(db.keyMayExist(key(0))).toBe(true)
    let wrong = 0
    for (let i = 1; i < count; i += 2) if (db.keyMayExist(key(i))) wrong++
    expect(wrong).toBeLessThan(count * 0.02)
    expect(db.keyMayExist('zzz')).toBe(false)
    db.putSync('zzz', '')
    expect(db.keyMayExist('zzz')).toBe(true)
  })
})

describe('looking many keys up where values of single keys are cached', () => {
  it('asks that cache, and yet shows one moment', async () => {
    const count = 20_000
    const keys = Array.from({ length: count }, (_, i) => `key${i}`)
    const texts = (values: readonly (Uint8Array | undefined)[]): (string | undefined)[] =>
      values.map((value) => value && utf8Text(value))
    const write = async (db: DB, text: string): Promise<void> => {
      const batch = new WriteBatch()
      for (const key of keys) batch.put(key, text)
      await db.write(batch)
    }
    const db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      rowCacheBytes: 8 << 20,
    })
    await write(db, 'old')
    await db.flush()
    using snapshot = db.snapshot()
    expect(new Set(texts(db.multiGetSync(keys)))).toEqual(new Set(['old']))
    const pending = db.multiGet(keys)
    await write(db, 'new')
    expect(new Set(texts(await pending))).toEqual(new Set(['old']))
    expect(new Set(texts(db.multiGetSync(keys)))).toEqual(new Set(['new']))
    expect(new Set(texts(db.multiGetSync(keys, { snapshot })))).toEqual(new Set(['old']))
    db.deleteSync('key7')
    expect(texts(db.multiGetSync(['key7', 'key8']))).toEqual([undefined, 'new'])
    snapshot.release()
    await db.close()
    assertNoOpenResources()
  })
})
