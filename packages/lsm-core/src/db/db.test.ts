import {
  AlreadyExistsError,
  CorruptionError,
  InvalidOptionError,
  LockedError,
  NotFoundError,
  NotOpenError,
  ReadOnlyError,
  reverseBytewiseComparator,
} from '@varve/base'
import { assertNoOpenResources, VirtualClock } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB, WriteBatch, type DBOptions } from '../index.ts'

describe('DB', () => {
  let fileSystem: MemoryFileSystem
  const open = (options: DBOptions = {}): Promise<DB> =>
    DB.open('/db', { createIfMissing: true, fileSystem, ...options })
  beforeEach(() => {
    fileSystem = new MemoryFileSystem()
  })
  afterEach(() => assertNoOpenResources())

  it('takes strings as UTF-8 and gives bytes, or text when asked', async () => {
    await using db = await open()
    await db.put('schlüssel', 'wert')
    expect(await db.get('schlüssel', { encoding: 'utf8' })).toBe('wert')
    expect(db.getSync(new TextEncoder().encode('schlüssel'))).toEqual(
      new TextEncoder().encode('wert'),
    )
    db.putSync('', 'empty key')
    db.putSync('empty value', '')
    expect(await db.get('', { encoding: 'utf8' })).toBe('empty key')
    expect(db.getSync('empty value')).toEqual(new Uint8Array(0))
    await db.delete('')
    db.deleteSync('nothing')
    expect(await db.multiGet(['', 'empty value', 'no'])).toEqual([
      undefined,
      new Uint8Array(0),
      undefined,
    ])
  })

  it('orders blocking writes behind the promised ones of the same turn', async () => {
    await using db = await open()
    const promised = db.put('a', '1')
    db.putSync('a', '2')
    await promised
    expect(await db.get('a', { encoding: 'utf8' })).toBe('2')
  })

  it('commits the writes of one turn as one record of the log', async () => {
    await using db = await open()
    await Promise.all(Array.from({ length: 100 }, (_, n) => db.put(`k${n}`, 'v')))
    const log = (await fileSystem.list('/db')).find((name) => name.endsWith('.log'))!
    // One header of 7 bytes and one of 12, not a hundred of each.
    expect((await fileSystem.stat(`/db/${log}`)).sizeBytes).toBeLessThan(7 + 12 + 100 * 8)
    expect(db.latestSequence).toBe(100)
  })

  it('reads a snapshot as it was, through flush and compaction', async () => {
    await using db = await open()
    db.putSync('a', '1')
    using snapshot = db.snapshot()
    db.putSync('a', '2')
    db.putSync('b', '1')
    await db.flush()
    await db.compactRange()
    expect(new TextDecoder().decode(db.getSync('a', { snapshot }))).toBe('1')
    expect(db.getSync('b', { snapshot })).toBeUndefined()
    const seen: string[] = []
    for await (const [key] of db.range({ snapshot })) seen.push(new TextDecoder().decode(key))
    expect(seen).toEqual(['a'])
  })

  it('keeps a cursor on its state while tables under it go', async () => {
    await using db = await open()
    for (let n = 0; n < 100; n++) db.putSync(`k${String(n).padStart(3, '0')}`, 'v')
    await db.flush()
    const cursor = db.cursor()
    cursor.seekToFirst()
    for (let n = 0; n < 100; n++) db.deleteSync(`k${String(n).padStart(3, '0')}`)
    await db.compactRange()
    let count = 0
    for (; cursor.valid; cursor.next()) count++
    expect(count).toBe(100)
    cursor.close()
    cursor.close()
    expect(db.getSync('k000')).toBeUndefined()
  })

  it('gives ranges in both directions with bounds and limit', async () => {
    await using db = await open()
    for (const key of ['a', 'b', 'c', 'd', 'e']) db.putSync(key, key)
    const keys = async (options: Parameters<DB['range']>[0]): Promise<string> => {
      let text = ''
      for await (const [key] of db.range(options)) text += new TextDecoder().decode(key)
      return text
    }
    expect(await keys({})).toBe('abcde')
    expect(await keys({ gte: 'b', lt: 'd' })).toBe('bc')
    expect(await keys({ gt: 'b', lte: 'd', reverse: true })).toBe('dc')
    expect(await keys({ reverse: true, limit: 2 })).toBe('ed')
    expect(await keys({ gt: 'e' })).toBe('')
    expect(await keys({ limit: 0 })).toBe('')
  })

  it('makes, lists and drops families; a dropped one takes no writes and its files go', async () => {
    await using db = await open()
    const users = await db.createColumnFamily('users', { compression: 'none' })
    await expect(db.createColumnFamily('users')).rejects.toThrow(AlreadyExistsError)
    await db.put('u', '1', { cf: users })
    await db.flush({ cf: users })
    expect(db.getProperty('rocksdb.num-files-at-level0', { cf: users })).toBe('1')
    expect(await DB.listColumnFamilies('/db', { fileSystem })).toEqual(['default', 'users'])
    await db.dropColumnFamily(users)
    expect(() => db.getSync('u', { cf: users })).toThrow(NotOpenError)
    await expect(db.put('u', '2', { cf: users })).rejects.toThrow(NotOpenError)
    expect(() => db.columnFamily('users')).toThrow(NotFoundError)
    const again = await db.createColumnFamily('users')
    expect(again.id).toBeGreaterThan(users.id)
    expect(db.getSync('u', { cf: again })).toBeUndefined()
    await db.put('x', '1')
    await db.flush()
    await db.close()
    expect((await fileSystem.list('/db')).filter((name) => name.endsWith('.sst')).length).toBe(1)
  })

  it('must be told every family for writing, any for reading', async () => {
    {
      await using db = await open({
        columnFamilies: { users: { comparator: reverseBytewiseComparator } },
      })
      db.putSync('u', '1', { cf: db.columnFamily('users') })
    }
    await expect(open()).rejects.toThrow(/not named: "users"/)
    await expect(
      open({
        columnFamilies: { users: { comparator: { ...reverseBytewiseComparator, name: 'other' } } },
      }),
    ).rejects.toThrow(InvalidOptionError)
    await expect(
      open({ createIfMissing: false, columnFamilies: { users: {}, more: {} } }),
    ).rejects.toThrow(NotFoundError)
    {
      await using db = await open({ columnFamilies: '*' })
      expect(db.columnFamilies.map(({ name }) => name)).toEqual(['default', 'users'])
    }
    await using reader = await DB.openReadOnly('/db', {
      fileSystem,
      columnFamilies: { default: {} },
    })
    expect(reader.columnFamilies.length).toBe(1)
    expect(() => reader.putSync('a', '1')).toThrow(ReadOnlyError)
    await expect(reader.put('a', '1')).rejects.toThrow(ReadOnlyError)
  })

  it('changes nothing when open for reading', async () => {
    {
      await using db = await open()
      db.putSync('a', '1')
    }
    const before = await fileSystem.list('/db')
    {
      await using db = await DB.openReadOnly('/db', { fileSystem })
      expect(await db.get('a', { encoding: 'utf8' })).toBe('1')
    }
    expect(await fileSystem.list('/db')).toEqual(before)
  })

  it('refuses a second opening, a missing database, one that exists, and unknown options', async () => {
    await expect(open({ createIfMissing: false })).rejects.toThrow(NotFoundError)
    await expect(DB.openReadOnly('/db', { fileSystem })).rejects.toThrow(NotFoundError)
    await using db = await open()
    await expect(open()).rejects.toThrow(LockedError)
    await db.close()
    await expect(open({ errorIfExists: true })).rejects.toThrow(AlreadyExistsError)
    await expect(open({ background: 'worker' })).rejects.toThrow(InvalidOptionError)
    await expect(open({ nonsense: 1 } as DBOptions)).rejects.toThrow(InvalidOptionError)
    await expect(
      open({ columnFamilies: { default: { compression: 'best' as 'none' } } }),
    ).rejects.toThrow(InvalidOptionError)
  })

  it('finishes the writes that were asked for before it closes and refuses later ones', async () => {
    const db = await open()
    const asked = db.put('a', '1')
    const closing = db.close()
    await expect(db.put('b', '1')).rejects.toThrow(NotOpenError)
    await asked
    await closing
    await db.close()
    expect(() => db.getSync('a')).toThrow(NotOpenError)
    await using again = await open()
    expect(await again.get('a', { encoding: 'utf8' })).toBe('1')
  })

  it('finds damage in a table, with file and offset, and never returns it', async () => {
    {
      await using db = await open({
        columnFamilies: { default: { compression: 'none', bloomBitsPerKey: 0 } },
      })
      for (let n = 0; n < 100; n++) db.putSync(`key${n}`, 'value'.repeat(10))
      await db.flush()
    }
    const table = (await fileSystem.list('/db')).find((name) => name.endsWith('.sst'))!
    const bytes = fileSystem.readFileSync(`/db/${table}`)
    bytes[300]! ^= 1
    const file = fileSystem.openWritableSync(`/db/${table}`)
    file.appendSync(bytes)
    file.closeSync()
    {
      await using db = await open()
      await expect(db.get('key1')).rejects.toThrow(
        expect.objectContaining({ file: `/db/${table}`, offset: 0 }),
      )
    }
    await fileSystem.remove(`/db/${table}`)
    await expect(open()).rejects.toThrow(CorruptionError)
  })

  it('frees logs that a quiet family would pin', async () => {
    await using db = await open({
      columnFamilies: { default: { writeBufferSizeBytes: 10_000 }, quiet: {} },
      maxTotalWalSizeBytes: 30_000,
    })
    db.putSync('once', '1', { cf: db.columnFamily('quiet') })
    for (let n = 0; n < 3000; n++) await db.put(`key${n}`, 'x'.repeat(50))
    await db.flush()
    const logs = (await fileSystem.list('/db')).filter((name) => name.endsWith('.log'))
    expect(logs.length).toBeLessThan(4)
    expect(await db.get('once', { cf: db.columnFamily('quiet'), encoding: 'utf8' })).toBe('1')
  })

  it('loses only what skipped the log when the process dies', async () => {
    const db = await open()
    await db.write(new WriteBatch().put('flushed', '1'), { disableWal: true })
    await db.flush()
    await db.write(new WriteBatch().put('unflushed', '1'), { disableWal: true })
    await db.put('logged', '1')
    fileSystem.crash({ loss: 'process' })
    await db.close().catch(() => undefined)
    await using again = await open()
    expect(again.getSync('flushed')).toBeDefined()
    expect(again.getSync('logged')).toBeDefined()
    expect(again.getSync('unflushed')).toBeUndefined()
  })

  it('flushes what skipped the log when it is closed', async () => {
    {
      await using db = await open()
      await db.write(new WriteBatch().put('unlogged', '1'), { disableWal: true })
    }
    await using db = await open()
    expect(db.getSync('unlogged')).toBeDefined()
  })

  it('runs manual compactions that are asked for at once one after the other', async () => {
    await using db = await open({
      columnFamilies: { default: { writeBufferSizeBytes: 5000 }, other: {} },
    })
    const cf = db.columnFamily('other')
    for (let n = 0; n < 2000; n++) db.putSync(`key${n % 300}`, 'x'.repeat(n % 90))
    for (let n = 0; n < 100; n++) db.putSync(`key${n}`, 'x', { cf })
    await Promise.all([db.compactRange(), db.compactRange({ cf }), db.compactRange(), db.flush()])
    expect(db.getProperty('rocksdb.background-errors')).toBe('0')
    expect(db.getProperty('rocksdb.num-files-at-level0')).toBe('0')
    let keys = 0
    for await (const [key] of db.range()) keys += key.length > 0 ? 1 : 0
    expect(keys).toBe(300)
  })

  it('refuses a batch that it could not replay before anything is logged', async () => {
    await using db = await open()
    const prepared = new Uint8Array(13)
    prepared[12] = 0x09
    await expect(db.write(WriteBatch.from(prepared))).rejects.toThrow('plain')
    await db.put('a', '1')
  })

  it('keeps a LOG for people, and that of the run before', async () => {
    const clock = new VirtualClock()
    await (await open({ clock })).close()
    clock.advanceSync(5)
    await using db = await open({ clock })
    await db.close()
    const names = await fileSystem.list('/db')
    expect(names.filter((name) => name.startsWith('LOG'))).toEqual([
      'LOG',
      'LOG.old.1700000000005000',
    ])
    expect(new TextDecoder().decode(fileSystem.readFileSync('/db/LOG'))).toContain('replayed logs')
    expect(names).toEqual(expect.arrayContaining(['CURRENT', 'IDENTITY', 'LOCK']))
  })
})
