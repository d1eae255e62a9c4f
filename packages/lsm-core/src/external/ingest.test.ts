import {
  BusyError,
  CorruptionError,
  InvalidOptionError,
  reverseBytewiseComparator,
  utf8Text,
} from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { DB, SstFileWriter, type ExternalFileIngestionInfo } from '../index.ts'

async function write(
  fileSystem: MemoryFileSystem,
  path: string,
  entries: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  await using writer = await SstFileWriter.open(path, { fileSystem })
  for (const [key, value] of Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined) writer.delete(key)
    else writer.put(key, value)
  }
  await writer.finish()
  return path
}

async function contentOf(db: DB): Promise<Record<string, string>> {
  const content: Record<string, string> = {}
  for await (const [key, value] of db.range()) content[utf8Text(key)] = utf8Text(value)
  return content
}

describe('SstFileWriter', () => {
  it('tells what it wrote and refuses keys that do not ascend, and emptiness', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using writer = await SstFileWriter.open('/a.sst', { fileSystem })
      writer.put('b', '1').delete('c').deleteRange('x', 'z').deleteRange('a', 'y')
      expect(() => writer.put('c', '2')).toThrow(InvalidOptionError)
      expect(() => writer.put('a', '2')).toThrow(InvalidOptionError)
      const file = await writer.finish()
      expect(utf8Text(file.smallest) + utf8Text(file.largest)).toBe('az')
    }
    await using empty = await SstFileWriter.open('/b.sst', { fileSystem })
    await expect(empty.finish()).rejects.toThrow(InvalidOptionError)
    expect(await fileSystem.exists('/b.sst')).toBe(false)
    assertNoOpenResources()
  })
})

describe('ingestExternalFile', () => {
  it('tells a listener of every table it took in', async () => {
    const fileSystem = new MemoryFileSystem()
    const told: ExternalFileIngestionInfo[] = []
    {
      await using db = await DB.open('/db', {
        fileSystem,
        createIfMissing: true,
        listeners: [{ onExternalFileIngested: (info) => void told.push(info) }],
      })
      await db.put('a', 'below')
      await write(fileSystem, '/a.sst', { a: '1' })
      await write(fileSystem, '/b.sst', { b: '2' })
      await db.ingestExternalFile(['/a.sst', '/b.sst'])
    }
    expect(
      told.map(({ columnFamilyName, externalPath }) => [columnFamilyName, externalPath]),
    ).toEqual([
      ['default', '/a.sst'],
      ['default', '/b.sst'],
    ])
    expect(told[1]!.globalSequence).toBeGreaterThan(told[0]!.globalSequence)
    expect(told.every(({ file }) => file.fileName.endsWith('.sst') && file.sizeBytes > 0)).toBe(
      true,
    )
    assertNoOpenResources()
  })

  it('puts the entries over those that were there and under those that come', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
      for (const key of ['a', 'b', 'c', 'd']) await db.put(key, 'flushed')
      await db.flush()
      for (const key of ['b', 'c']) await db.put(key, 'memtable')
      using snapshot = db.snapshot()
      const path = await write(fileSystem, '/in.sst', { b: 'in', d: undefined, e: 'in' })
      await db.ingestExternalFile(path)
      await db.put('e', 'later')
      const expected = { a: 'flushed', b: 'in', c: 'memtable', e: 'later' }
      expect(await contentOf(db)).toEqual(expected)
      expect(await db.get('b', { snapshot, encoding: 'utf8' })).toBe('memtable')
      expect(await db.get('d', { snapshot, encoding: 'utf8' })).toBe('flushed')
      await db.compactRange()
      expect(await contentOf(db)).toEqual(expected)
    }
    await using db = await DB.open('/db', { fileSystem })
    expect(await contentOf(db)).toEqual({ a: 'flushed', b: 'in', c: 'memtable', e: 'later' })
  })

  it('places tables that overlap nothing in the deepest level, and takes several at once', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
    await db.ingestExternalFile(
      [
        await write(fileSystem, '/1.sst', { a: '1', b: '1' }),
        await write(fileSystem, '/2.sst', { c: '2' }),
        await write(fileSystem, '/3.sst', { b: '3' }),
      ],
      { link: true },
    )
    expect(db.getProperty('rocksdb.num-files-at-level6')).toBe('2')
    expect(db.getProperty('rocksdb.num-files-at-level0')).toBe('1')
    expect(await contentOf(db)).toEqual({ a: '1', b: '3', c: '2' })
  })

  it('refuses other orders, other tables and damage, and leaves nothing', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
    await db.put('a', '1')
    await db.flush()
    const before = await fileSystem.list('/db')
    {
      const options = { fileSystem, comparator: reverseBytewiseComparator }
      await using writer = await SstFileWriter.open('/reverse.sst', options)
      await writer.put('b', '').put('a', '').finish()
    }
    const table = before.find((name) => name.endsWith('.sst'))!
    for (const path of ['/reverse.sst', `/db/${table}`])
      await expect(db.ingestExternalFile(path)).rejects.toThrow(InvalidOptionError)
    const path = await write(fileSystem, '/damaged.sst', { a: 'x'.repeat(100) })
    const data = await fileSystem.readFile(path)
    data[20]! ^= 1
    await fileSystem.writeFileAtomic(path, data)
    const good = await write(fileSystem, '/good.sst', { b: '' })
    await expect(db.ingestExternalFile([good, path])).rejects.toThrow(CorruptionError)
    expect(await fileSystem.list('/db')).toEqual(before)
    expect(await contentOf(db)).toEqual({ a: '1' })
  })

  it('holds writes back while a table is taken in', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
    await db.put('a', 'before')
    const path = await write(fileSystem, '/in.sst', { a: 'in' })
    let done = false
    const ingestion = db.ingestExternalFile(path).then(() => (done = true))
    let refused = 0
    let written = 0
    for (let i = 0; !done; i++) {
      try {
        db.putSync('a', String(written++))
      } catch (error) {
        expect(error).toBeInstanceOf(BusyError)
        refused++
      }
      // Between the steps of the ingestion, which wait for nothing but promises and, now and then, for a turn.
      await (i % 100 < 99 ? Promise.resolve() : new Promise((resolve) => setImmediate(resolve)))
    }
    await ingestion
    expect(refused).toBeGreaterThan(0)
  })

  it('agrees with a map, whatever is written, flushed and compacted between', async () => {
    const key = fc.nat(20).map((n) => String.fromCharCode(97 + n))
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key }),
      fc.record({ kind: fc.constant('deleteRange' as const), key, end: key }),
      fc.record({
        kind: fc.constant('ingest' as const),
        keys: fc.uniqueArray(fc.tuple(key, fc.boolean()), { minLength: 1, selector: ([k]) => k }),
        range: fc.option(fc.tuple(key, key)),
      }),
      fc.record({ kind: fc.constant('flush' as const) }),
      fc.record({ kind: fc.constant('compact' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const fileSystem = new MemoryFileSystem()
        await using db = await DB.open('/db', { fileSystem, createIfMissing: true })
        const model = new Map<string, string>()
        const deleteRange = (begin: string, end: string): void => {
          for (const k of [...model.keys()]) if (k >= begin && k < end) model.delete(k)
        }
        for (const [i, one] of steps.entries()) {
          const value = String(i)
          if (one.kind === 'put') {
            await db.put(one.key, value)
            model.set(one.key, value)
          } else if (one.kind === 'deleteRange') {
            if (one.key >= one.end) continue
            await db.deleteRange(one.key, one.end)
            deleteRange(one.key, one.end)
          } else if (one.kind === 'flush') await db.flush()
          else if (one.kind === 'compact') await db.compactRange()
          else {
            const path = `/in${i}.sst`
            await using writer = await SstFileWriter.open(path, { fileSystem })
            const [begin, end] = one.range ?? ['', '']
            if (begin < end) {
              writer.deleteRange(begin, end)
              deleteRange(begin, end)
            }
            for (const [k, isPut] of one.keys.sort(([a], [b]) => (a < b ? -1 : 1))) {
              if (isPut) writer.put(k, value)
              else writer.delete(k)
              if (isPut) model.set(k, value)
              else model.delete(k)
            }
            await writer.finish()
            await db.ingestExternalFile(path)
          }
        }
        expect(await contentOf(db)).toEqual(Object.fromEntries(model))
      }),
      { numRuns: 60 },
    )
  })
})
