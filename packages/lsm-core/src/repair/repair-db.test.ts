import { isVarveError, LockedError, reverseBytewiseComparator } from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { readManifest, tableFileName } from '@varve/manifest'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import {
  DB,
  repairDb,
  SstFileWriter,
  TransactionDB,
  WriteBatch,
  type ColumnFamilyOptions,
  type Transaction,
} from '../index.ts'

afterEach(() => assertNoOpenResources())

const small = {
  writeBufferSizeBytes: 8000,
  targetFileSizeBaseBytes: 4000,
  maxBytesForLevelBase: 10_000,
  blockSizeBytes: 512,
} as const
const columnFamilies: Readonly<Record<string, ColumnFamilyOptions>> = {
  default: small,
  reverse: { ...small, comparator: reverseBytewiseComparator },
  lists: { ...small, mergeOperator: 'stringappend' },
}

type Content = Record<string, string>

async function contentOf(db: DB): Promise<Content> {
  const content: Content = {}
  for (const cf of db.columnFamilies)
    for await (const [key, value] of db.range({ cf }))
      content[`${cf.name}/${new TextDecoder().decode(key)}`] = new TextDecoder().decode(value)
  return content
}

async function open(fileSystem: MemoryFileSystem): Promise<DB> {
  return DB.open('/db', { createIfMissing: true, fileSystem, columnFamilies })
}

/** A database with tables in several levels and in level 0, deletions, an ingested table, and something in the log. */
async function build(fileSystem: MemoryFileSystem, seed: number): Promise<Content> {
  const random = createSeededRandom(seed)
  await using db = await open(fileSystem)
  const [cf, reverse, lists] = ['default', 'reverse', 'lists'].map((name) => db.columnFamily(name))
  for (let n = 0; n < 1500; n++) {
    const key = `key${String(random.below(400)).padStart(4, '0')}`
    const batch = new WriteBatch()
      .put(key, `${n} ${'x'.repeat(random.below(60))}`, { cf })
      .put(key, `reverse ${n}`, { cf: reverse })
      .merge(`list${random.below(20)}`, String(n), { cf: lists })
    if (random.below(5) === 0)
      batch.delete(`key${String(random.below(400)).padStart(4, '0')}`, { cf })
    if (random.below(100) === 0) batch.deleteRange('key0100', 'key0120', { cf })
    await db.write(batch)
    if (random.below(400) === 0) await db.compactRange({ cf: random.below(2) === 0 ? cf : lists })
  }
  const path = '/external.sst'
  {
    await using writer = await SstFileWriter.open(path, { fileSystem })
    for (let i = 0; i < 30; i++) writer.put(`key${String(i * 3).padStart(4, '0')}`, 'external')
    await writer.finish()
  }
  await db.ingestExternalFile(path)
  await db.put('key0005', 'last', { sync: true })
  return await contentOf(db)
}

describe('repairDb', () => {
  it('keeps the tables of a family with FIFO compaction in level 0', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = {
      fileSystem,
      columnFamilies: { default: { compactionStyle: 'fifo' } },
    } as const
    {
      await using db = await DB.open('/db', { ...options, createIfMissing: true })
      for (const n of [1, 2, 3]) {
        await db.put(`key${n}`, String(n))
        await db.put('last', String(n))
        await db.flush()
      }
    }
    for (const name of await fileSystem.list('/db'))
      if (/^(CURRENT|MANIFEST)/.test(name)) await fileSystem.remove(`/db/${name}`)
    await repairDb('/db', options)
    const { columnFamilies: families } = await readManifest(fileSystem, '/db')
    expect(families[0]!.levels.map(({ length }) => length).filter(Boolean)).toEqual([3])
    expect(families[0]!.levels[0]).toHaveLength(3)
    await using db = await DB.open('/db', options)
    expect(await db.get('last', { encoding: 'utf8' })).toBe('3')
  })

  for (const seed of [1, 2, 3]) {
    it(`finds everything again when CURRENT is lost (seed ${seed})`, async () => {
      const fileSystem = new MemoryFileSystem()
      const content = await build(fileSystem, seed)
      await fileSystem.remove('/db/CURRENT')
      const report = await repairDb('/db', { fileSystem, columnFamilies })
      expect(report.damaged).toEqual([])
      expect(report.columnFamilies.map(({ name }) => name).sort()).toEqual(
        Object.keys(columnFamilies).sort(),
      )
      await using db = await open(fileSystem)
      expect(await contentOf(db)).toEqual(content)
      await db.verifyChecksum()
      await db.put('goes', 'on')
    })

    it(`finds what does not come from outside when the manifests are lost, too (seed ${seed})`, async () => {
      const fileSystem = new MemoryFileSystem()
      const content = await build(fileSystem, seed)
      for (const name of await fileSystem.list('/db'))
        if (/^(CURRENT|MANIFEST)/.test(name)) await fileSystem.remove(`/db/${name}`)
      const report = await repairDb('/db', { fileSystem, columnFamilies })
      expect(report.damaged).toEqual([])
      await using db = await open(fileSystem)
      const repaired = await contentOf(db)
      // Only the MANIFEST knows how old a table from outside is: it counts as the oldest.
      for (const [key, value] of Object.entries(content))
        if (value !== 'external') expect(repaired[key], key).toBe(value)
      await db.verifyChecksum()
    })

    it(`loses what was in a damaged table, and nothing else (seed ${seed})`, async () => {
      const fileSystem = new MemoryFileSystem()
      const content = await build(fileSystem, seed)
      const { columnFamilies: families } = await readManifest(fileSystem, '/db')
      const tables = families.flatMap(({ levels }) => levels.flat())
      const victim = tableFileName(tables[(seed * 7) % tables.length]!.number)
      const data = await fileSystem.readFile(`/db/${victim}`)
      data[20]! ^= 0x55
      await fileSystem.writeFileAtomic(`/db/${victim}`, data)
      const report = await repairDb('/db', { fileSystem, columnFamilies })
      expect(report.damaged.map(({ name }) => name)).toEqual([victim])
      expect(await fileSystem.list('/db/lost')).toContain(victim)
      expect(report.merged).toEqual([])
      await using db = await open(fileSystem)
      const repaired = await contentOf(db)
      let kept = 0
      for (const [key, value] of Object.entries(content)) if (repaired[key] === value) kept++
      expect(kept).toBeGreaterThan(Object.keys(content).length / 3)
    })
  }

  it('takes what can be read of a damaged log', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using db = await DB.open('/db', { createIfMissing: true, fileSystem })
      for (let n = 0; n < 3000; n++) await db.put(`key${n}`, 'x'.repeat(50))
    }
    const name = (await fileSystem.list('/db')).find((one) => one.endsWith('.log'))!
    const data = await fileSystem.readFile(`/db/${name}`)
    data[100_000]! ^= 1
    await fileSystem.writeFileAtomic(`/db/${name}`, data)
    const report = await repairDb('/db', { fileSystem })
    expect(report.logs).toHaveLength(1)
    await using db = await DB.open('/db', { fileSystem })
    const { length } = Object.keys(await contentOf(db))
    expect(length).toBeGreaterThan(2000)
    expect(length).toBeLessThan(3000)
  })

  it('leaves a whole database as it is, and an empty directory as an empty database', async () => {
    const fileSystem = new MemoryFileSystem()
    const content = await build(fileSystem, 9)
    expect((await repairDb('/db', { fileSystem, columnFamilies })).merged).toEqual([])
    {
      await using db = await open(fileSystem)
      expect(await contentOf(db)).toEqual(content)
      await expect(repairDb('/db', { fileSystem })).rejects.toThrow(LockedError)
    }
    await fileSystem.mkdir('/empty')
    await repairDb('/empty', { fileSystem })
    await using empty = await DB.open('/empty', { fileSystem })
    expect(await contentOf(empty)).toEqual({})
  })

  it('knows the ids of families that were dropped, and finds logs in their own directory', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { fileSystem, walDirectory: 'logs' }
    let dropped: number
    {
      await using db = await DB.open('/db', { ...options, createIfMissing: true })
      const family = await db.createColumnFamily('gone', {})
      dropped = family.id
      await db.dropColumnFamily(family)
      await db.put('a', '1')
    }
    const { logs } = await repairDb('/db', options)
    expect(logs).toHaveLength(1)
    await using db = await DB.open('/db', options)
    expect(await db.get('a', { encoding: 'utf8' })).toBe('1')
    expect((await db.createColumnFamily('new', {})).id).toBeGreaterThan(dropped)
  })

  it('keeps transactions that are prepared, and commits those whose records are in two logs', async () => {
    const fileSystem = new MemoryFileSystem()
    const disk = { fileSystem, columnFamilies: { default: {}, other: {} } }
    {
      await using db = await TransactionDB.open('/db', { ...disk, createIfMissing: true })
      const prepare = async (name: string): Promise<Transaction> => {
        const transaction = db.beginTransaction()
        await transaction.setName(name).put(name, 'prepared')
        await transaction.prepare()
        return transaction
      }
      const one = await prepare('one')
      await prepare('two')
      await db.put('a', '1')
      await db.flush()
      await one.commit()
    }
    await fileSystem.remove('/db/CURRENT')
    await repairDb('/db', { fileSystem })
    await using db = await TransactionDB.open('/db', disk)
    expect(await db.get('one', { encoding: 'utf8' })).toBe('prepared')
    expect(await db.get('two')).toBeUndefined()
    expect(db.getAllPreparedTransactions().map(({ name }) => name)).toEqual(['two'])
    await db.getTransactionByName('two')!.commit()
    expect(await db.get('two', { encoding: 'utf8' })).toBe('prepared')
  })

  it('may lose power at any time and be begun again', async () => {
    const disk = new MemoryFileSystem()
    const content = await build(disk, 4)
    await disk.remove('/db/CURRENT')
    await disk.syncDirectory('/db')
    const fileSystem = new FaultInjectionFileSystem(disk)
    const forks: { disk: MemoryFileSystem; at: string }[] = []
    fileSystem.observe((operation, path) => {
      if (operation === 'read' || operation === 'open' || operation === 'lock') return
      const seed = forks.length + 1
      forks.push({ disk: disk.forkAfterPowerLoss({ seed }), at: `${operation} of ${path}` })
    })
    await repairDb('/db', { fileSystem, columnFamilies })
    fileSystem.observe(undefined)
    expect(forks.length).toBeGreaterThan(20)
    for (const [i, { disk: fork, at }] of forks.entries()) {
      if (i % 3 !== 0) continue
      if (!(await fork.exists('/db/CURRENT')))
        await repairDb('/db', { fileSystem: fork, columnFamilies })
      await using db = await open(fork)
      expect(await contentOf(db), `cut at ${at}`).toEqual(content)
    }
  })

  it('leaves out what a compaction wrote that did not come into the MANIFEST', async () => {
    const disk = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(disk)
    const options = {
      columnFamilies: { default: { mergeOperator: 'stringappend', disableAutoCompactions: true } },
    } as const
    {
      await using db = await DB.open('/db', { ...options, fileSystem, createIfMissing: true })
      for (const operand of ['1', '2']) {
        await db.merge('key', operand)
        await db.flush()
      }
      fileSystem.inject({
        operation: 'append',
        path: /MANIFEST/,
        error: 'ENOSPC',
        shortWrite: true,
      })
      await expect(db.compactRange()).rejects.toThrow()
    }
    await disk.remove('/db/CURRENT')
    const { damaged } = await repairDb('/db', { ...options, fileSystem: disk })
    expect(damaged).toEqual([])
    await using db = await DB.open('/db', { ...options, fileSystem: disk })
    expect(await db.get('key', { encoding: 'utf8' })).toBe('1,2')
  })

  it('is begun again where CURRENT is whole, and then what the interrupted one made counts for nothing', async () => {
    const disk = new MemoryFileSystem()
    const content = await build(disk, 6)
    const counter = new FaultInjectionFileSystem(disk.forkAfterProcessDeath())
    await repairDb('/db', { fileSystem: counter, columnFamilies })
    for (let call = 0; call < counter.calls; call += 2) {
      const fork = disk.forkAfterProcessDeath()
      const fileSystem = new FaultInjectionFileSystem(fork)
      fileSystem.failCall(call, { error: 'EIO' }, Number.MAX_SAFE_INTEGER)
      await expect(repairDb('/db', { fileSystem, columnFamilies })).rejects.toThrow()
      const { damaged } = await repairDb('/db', { fileSystem: fork, columnFamilies })
      expect(damaged).toEqual([])
      await using db = await open(fork)
      expect(await contentOf(db), `cut at call ${call}`).toEqual(content)
    }
  })

  it('ends in one error when the disk goes, at whatever call', async () => {
    const disk = new MemoryFileSystem()
    await build(disk, 5)
    const damaged = disk.forkAfterProcessDeath()
    await damaged.remove('/db/CURRENT')
    const counter = new FaultInjectionFileSystem(damaged.forkAfterProcessDeath())
    await repairDb('/db', { fileSystem: counter, columnFamilies })
    expect(counter.calls).toBeGreaterThan(50)
    for (let call = 0; call < counter.calls; call += 3) {
      const fileSystem = new FaultInjectionFileSystem(damaged.forkAfterProcessDeath())
      fileSystem.failCall(call, { error: 'EIO' }, Number.MAX_SAFE_INTEGER)
      const failure = await repairDb('/db', { fileSystem, columnFamilies }).catch(
        (error: unknown) => error,
      )
      expect(isVarveError(failure), `call ${call}: ${String(failure)}`).toBe(true)
    }
  })
})
