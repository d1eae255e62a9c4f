import { InvalidOptionError, NotOpenError, utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { fc, test } from '@fast-check/vitest'
import { BlockCache } from '@varve/sst-format'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB, WriteBatch, type ColumnFamilyOptions } from '../index.ts'

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
    for (const length of [100, 1000]) {
      const keys = Array.from({ length }, (_, i) => key(i))
      const ofEach = keys.map((_, i) => (i % 5 < 2 ? other : db.defaultColumnFamily))
      expect(
        db.multiGetSync(keys, { columnFamilies: ofEach }).map((each) => each && utf8Text(each)),
      ).toEqual(keys.map((_, i) => (i % 2 === 1 ? undefined : `${i % 5 < 2 ? 'o' : 'v'}${i}`)))
    }
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

describe('looking keys up together', () => {
  const name = fc
    .oneof(fc.nat(20), fc.nat(600))
    .map((n) => `key ${String(n).padStart(n % 5 === 0 ? 6 : 3, '0')}`)
  const value = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom('v'.repeat(60), 'w'.repeat(500)),
  )
  const write = fc.oneof(
    { weight: 20, arbitrary: fc.record({ kind: fc.constant('put' as const), name, value }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('merge' as const), name, value }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  )
  /** Range tombstones anywhere have all keys looked up one by one: most histories are without. */
  const history = fc.record({
    writes: fc.array(write, { minLength: 40, maxLength: 400 }),
    range: fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.tuple(name, name) },
    ),
    compacts: fc.boolean(),
    newer: fc.array(write, { maxLength: 40 }),
  })
  const tables: fc.Arbitrary<ColumnFamilyOptions> = fc.record(
    {
      index: fc.constantFrom('binary' as const, 'twoLevel' as const),
      filter: fc.constantFrom('bloom' as const, 'ribbon' as const),
      bloomBitsPerKey: fc.constantFrom(0, 10),
      formatVersion: fc.constantFrom(2, 5),
      compression: fc.constantFrom('none' as const, 'snappy' as const),
    },
    { requiredKeys: [] },
  )

  test.prop([history, tables, fc.array(fc.array(name, { maxLength: 90 }), { maxLength: 12 })], {
    numRuns: 60,
  })(
    'gives what each look-up alone gives, and what was written',
    async (changes, options, asked) => {
      const db = await DB.open('/db', {
        fileSystem: new MemoryFileSystem(),
        createIfMissing: true,
        columnFamilies: {
          default: { mergeOperator: 'stringappend', blockSizeBytes: 256, ...options },
        },
        maxOpenFiles: 10,
        // Room for a few blocks, so that some are cached and some are not.
        blockCache: new BlockCache({ capacityBytes: 64 << 10 }),
      })
      const model = new Map<string, string>()
      const apply = async (writes: typeof changes.writes): Promise<void> => {
        for (const step of writes) {
          if (step.kind === 'flush') await db.flush()
          else if (step.kind === 'put') {
            db.putSync(step.name, step.value)
            model.set(step.name, step.value)
          } else if (step.kind === 'delete') {
            db.deleteSync(step.name)
            model.delete(step.name)
          } else {
            await db.merge(step.name, step.value)
            const before = model.get(step.name)
            model.set(step.name, before === undefined ? step.value : `${before},${step.value}`)
          }
        }
      }
      await apply(changes.writes)
      if (changes.compacts) await db.compactRange()
      if (changes.range !== null) {
        const [begin, end] = changes.range
        await db.deleteRange(begin, end)
        for (const key of [...model.keys()]) if (key >= begin && key < end) model.delete(key)
      }
      const snapshot = db.snapshot()
      const then = new Map(model)
      await apply(changes.newer)
      for (const keys of [...asked, [...then.keys()]]) {
        const texts = (values: readonly (Uint8Array | undefined)[]): (string | undefined)[] =>
          values.map((found) => found && utf8Text(found))
        const now = texts(db.multiGetSync(keys))
        expect(now).toEqual(keys.map((key) => model.get(key)))
        expect(now).toEqual(texts(keys.map((key) => db.getSync(key))))
        expect(texts(await db.multiGet(keys, { snapshot }))).toEqual(
          keys.map((key) => then.get(key)),
        )
      }
      snapshot.release()
      await db.close()
      assertNoOpenResources()
    },
  )

  it('has values of their own, whatever is looked up next', async () => {
    const db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      // No block is kept: all are read into the same memory.
      blockCache: new BlockCache({ capacityBytes: 1 }),
    })
    const keys = Array.from({ length: 1000 }, (_, i) => `key${i}`)
    const batch = new WriteBatch()
    for (const key of keys) batch.put(key, `value of ${key}`)
    await db.write(batch)
    await db.flush()
    const values = db.multiGetSync(keys)
    db.multiGetSync([...keys].reverse())
    expect(values.map((each) => each && utf8Text(each))).toEqual(
      keys.map((key) => `value of ${key}`),
    )
    await db.close()
    assertNoOpenResources()
  })

  it('takes look-ups of merge operators among its own', async () => {
    const keys = Array.from({ length: 64 }, (_, i) => `key${i}`)
    const merged = keys.filter((_, i) => i % 3 === 0)
    const databases: DB[] = []
    const db = await DB.open('/db', {
      fileSystem: new MemoryFileSystem(),
      createIfMissing: true,
      columnFamilies: {
        default: {
          mergeOperator: {
            name: 'SumOfOthers',
            fullMerge() {
              const others = databases[0]!.multiGetSync(['key1', 'key2', 'key4'])
              return Buffer.from(others.map((value) => value && utf8Text(value)).join('+'))
            },
          },
        },
      },
    })
    databases.push(db)
    for (const key of keys)
      if (merged.includes(key)) await db.merge(key, 'operand')
      else db.putSync(key, key)
    for (const flushed of [false, true]) {
      if (flushed) await db.flush()
      expect(db.multiGetSync(keys).map((value) => value && utf8Text(value))).toEqual(
        keys.map((key) => (merged.includes(key) ? 'key1+key2+key4' : key)),
      )
    }
    await db.close()
    assertNoOpenResources()
  })
})
