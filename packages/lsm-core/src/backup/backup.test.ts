import { CorruptionError, LockedError, NotFoundError, utf8Bytes } from '@varve/base'
import { assertNoOpenResources, VirtualClock } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import {
  collectBackupGarbage,
  DB,
  deleteBackup,
  listBackups,
  listCorruptBackups,
  purgeOldBackups,
  restoreBackup,
  verifyBackup,
  type BackupOptions,
  type DBOptions,
} from '../index.ts'

afterEach(() => assertNoOpenResources())

const columnFamilies = { default: {}, other: { compression: 'none' } } as const

function open(fileSystem: DBOptions['fileSystem'], path: string = '/db'): Promise<DB> {
  return DB.open(path, { createIfMissing: true, fileSystem: fileSystem!, columnFamilies })
}

async function contentOf(db: DB): Promise<Record<string, string>> {
  const content: Record<string, string> = {}
  for (const cf of db.columnFamilies)
    for await (const [key, value] of db.range({ cf }))
      content[`${cf.name}/${new TextDecoder().decode(key)}`] = new TextDecoder().decode(value)
  return content
}

/** Makes `count` backups; returns the content at each. */
async function makeBackups(
  fileSystem: MemoryFileSystem,
  count: number,
  options: BackupOptions = {},
): Promise<Record<string, string>[]> {
  const contents: Record<string, string>[] = []
  await using db = await open(fileSystem)
  const other = db.columnFamily('other')
  for (let n = 1; n <= count; n++) {
    for (let i = 0; i < 50; i++) await db.put(`key${n}-${i}`, `value ${n} ${i}`)
    await db.put('same', String(n), { cf: other })
    await db.flush()
    await db.put('in the log', String(n))
    contents.push(await contentOf(db))
    const backup = await db.backup('/backup', { metadata: utf8Bytes(`note ${n}`), ...options })
    expect(backup.id).toBe(n)
  }
  return contents
}

async function filesOf(fs: MemoryFileSystem, directory: string): Promise<string[]> {
  return (await fs.exists(directory)) ? await fs.list(directory) : []
}

describe('backups', () => {
  for (const options of [
    {},
    { schemaVersion: 2 },
    { share: 'none' },
    { share: 'number' },
    { flushBeforeBackup: true },
  ] as const) {
    it(`are restored as the database was, ${JSON.stringify(options)}`, async () => {
      const fileSystem = new MemoryFileSystem()
      const contents = await makeBackups(fileSystem, 3, options)
      const backups = await listBackups('/backup', { fileSystem })
      expect(backups.map(({ id }) => id)).toEqual([1, 2, 3])
      expect(backups[1]!.metadata).toEqual(utf8Bytes('note 2'))
      for (const [i, content] of contents.entries()) {
        await verifyBackup('/backup', { fileSystem, id: i + 1 })
        await restoreBackup('/backup', `/restored${i}`, { fileSystem, id: i + 1 })
        await using db = await open(fileSystem, `/restored${i}`)
        expect(await contentOf(db)).toEqual(content)
        await db.put('and', 'on')
      }
    })
  }

  it('share tables, and keep those that another one needs when one goes', async () => {
    const fileSystem = new MemoryFileSystem()
    const contents = await makeBackups(fileSystem, 3)
    const tables = (): Promise<string[]> => filesOf(fileSystem, '/backup/shared_checksum')
    const named = (await listBackups('/backup', { fileSystem })).flatMap(({ files }) =>
      files.filter(({ name }) => name.endsWith('.sst')),
    )
    const before = await tables()
    expect(named.length).toBeGreaterThan(before.length)
    await deleteBackup('/backup', 1, { fileSystem })
    expect((await tables()).length).toBeLessThanOrEqual(before.length)
    await verifyBackup('/backup', { fileSystem, id: 2 })
    expect(await purgeOldBackups('/backup', 1, { fileSystem })).toEqual([2])
    await restoreBackup('/backup', '/db', { fileSystem, replace: true })
    await using db = await open(fileSystem)
    expect(await contentOf(db)).toEqual(contents[2])
    await deleteBackup('/backup', 3, { fileSystem })
    expect(await tables()).toEqual([])
    expect(await filesOf(fileSystem, '/backup/private')).toEqual([])
    await expect(deleteBackup('/backup', 3, { fileSystem })).rejects.toThrow(NotFoundError)
    await expect(restoreBackup('/backup', '/x', { fileSystem })).rejects.toThrow(NotFoundError)
  })

  it('are whole after one that met a wrongly read file, whichever it was', async () => {
    const disk = new MemoryFileSystem()
    const [content] = await makeBackups(disk, 1)
    let readCount = 1
    for (let n = 0; n < readCount; n++) {
      const fileSystem = new FaultInjectionFileSystem(disk.forkAfterProcessDeath())
      {
        await using db = await open(fileSystem)
        const reads: number[] = []
        const first = fileSystem.calls
        const dry = new FaultInjectionFileSystem(disk.forkAfterProcessDeath())
        await using copy = await open(dry)
        dry.observe((operation) => {
          if (operation === 'read') reads.push(dry.calls)
        })
        const before = dry.calls
        await copy.backup('/fresh')
        readCount = reads.length
        fileSystem.failCall(first + reads[n]! - before, { flipBit: 1234 })
        await db.backup('/fresh').catch((error: unknown) => {
          expect(error).toBeInstanceOf(CorruptionError)
        })
        fileSystem.clearFaults()
        await db.backup('/fresh')
      }
      await restoreBackup('/fresh', '/restored', { fileSystem })
      await using restored = await open(fileSystem, '/restored')
      await restored.verifyChecksum()
      expect(await contentOf(restored)).toEqual(content)
    }
    expect(readCount).toBeGreaterThan(3)
  })

  it('are known to be corrupt by sizes, descriptions and, when read, by content', async () => {
    const fileSystem = new MemoryFileSystem()
    await makeBackups(fileSystem, 4)
    const backups = await listBackups('/backup', { fileSystem })
    const privateFile = (id: number): string =>
      `/backup/${backups[id - 1]!.files.find(({ name }) => name.startsWith('MANIFEST'))!.path}`
    const change = async (path: string, how: (data: Uint8Array) => Uint8Array): Promise<void> =>
      fileSystem.writeFileAtomic(path, how(new Uint8Array(await fileSystem.readFile(path))))
    await change(privateFile(1), (data) => {
      data[20]! ^= 1
      return data
    })
    await fileSystem.remove(privateFile(2))
    await change('/backup/meta/3', (data) => data.subarray(0, 30))
    expect((await listBackups('/backup', { fileSystem })).map(({ id }) => id)).toEqual([1, 4])
    const corrupt = await listCorruptBackups('/backup', { fileSystem })
    expect(corrupt.map(({ id }) => id)).toEqual([2, 3])
    await verifyBackup('/backup', { fileSystem, id: 1, checksums: false })
    for (const id of [1, 2, 3]) {
      await expect(verifyBackup('/backup', { fileSystem, id })).rejects.toThrow(CorruptionError)
      await expect(restoreBackup('/backup', `/restored${id}`, { fileSystem, id })).rejects.toThrow(
        CorruptionError,
      )
    }
    // What a description that cannot be read may name is left alone.
    const tables = await filesOf(fileSystem, '/backup/shared_checksum')
    await deleteBackup('/backup', 2, { fileSystem })
    expect(await filesOf(fileSystem, '/backup/shared_checksum')).toEqual(tables)
    await deleteBackup('/backup', 3, { fileSystem })
    await verifyBackup('/backup', { fileSystem })
    await using db = await open(fileSystem)
    expect((await db.backup('/backup')).id).toBe(5)
  })

  it('clear away what interrupted ones left', async () => {
    const fileSystem = new MemoryFileSystem()
    await makeBackups(fileSystem, 1)
    await fileSystem.mkdir('/backup/private/2')
    for (const name of [
      'private/2/MANIFEST-000009',
      'shared_checksum/000077_sABC_12.sst.tmp',
      'shared_checksum/000078_sABC_12.sst',
      'meta/2.tmp',
      'notes.txt',
    ])
      await fileSystem.writeFileAtomic(`/backup/${name}`, utf8Bytes('x'))
    expect((await collectBackupGarbage('/backup', { fileSystem })).sort()).toEqual([
      'meta/2.tmp',
      'private/2',
      'shared_checksum/000077_sABC_12.sst.tmp',
      'shared_checksum/000078_sABC_12.sst',
    ])
    expect(await fileSystem.exists('/backup/notes.txt')).toBe(true)
    await verifyBackup('/backup', { fileSystem })
  })

  it('can be aborted, are told of and are made no faster than asked, one at a time', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await open(fileSystem)
    await db.put('a', 'x'.repeat(100_000))
    await db.flush()
    await db.put('b', 'x')
    const abort = new AbortController()
    abort.abort(new Error('enough'))
    await expect(db.backup('/backup', { signal: abort.signal })).rejects.toThrow('enough')
    expect(await listBackups('/backup', { fileSystem })).toEqual([])
    const progress: [number, number][] = []
    const first = db.backup('/backup', {
      onProgress: (copied, total) => progress.push([copied, total]),
    })
    await expect(db.backup('/backup')).rejects.toThrow(LockedError)
    await first
    const [copied, total] = progress.at(-1)!
    expect(copied).toBe(total)
    expect(progress.length).toBeGreaterThan(1)
  })

  it('wait for the clock when they are bounded', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = new VirtualClock()
    await using db = await DB.open('/db', { createIfMissing: true, fileSystem, clock })
    await db.put('b', 'x'.repeat(5000))
    const start = clock.monotonicMs()
    let done = false
    const backup = db.backup('/backup', { bytesPerSecond: 1000 }).then(() => (done = true))
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve))
      if (!done) await clock.advance(100)
    }
    await backup
    // 5,000 bytes of the log at 1,000 a second.
    expect(clock.monotonicMs() - start).toBeGreaterThan(4900)
  })

  it('are whole or not there at all, cut at every change of the disk', async () => {
    const disk = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(disk)
    const forks: { readonly disk: MemoryFileSystem; readonly made: number; readonly at: string }[] =
      []
    let made = 0
    let deleted = 0
    const expected: Record<string, string>[] = []
    {
      await using db = await open(fileSystem)
      fileSystem.observe((operation, path) => {
        if (operation === 'read' || operation === 'open' || operation === 'lock') return
        if (path.startsWith('/db/')) return
        const at = `${operation} of ${path}`
        forks.push({ disk: disk.forkAfterPowerLoss(), made, at })
        forks.push({ disk: disk.forkAfterPowerLoss({ seed: forks.length + 1 }), made, at })
      })
      for (let n = 1; n <= 3; n++) {
        await db.put(`key${n}`, String(n), { sync: true })
        await db.flush()
        await db.put('log', String(n), { sync: true })
        expected.push(await contentOf(db))
        await db.backup('/backup')
        made = n
      }
    }
    const lastFork = forks.length
    await deleteBackup('/backup', 1, { fileSystem })
    deleted = 1
    fileSystem.observe(undefined)
    expect(forks.length).toBeGreaterThan(60)
    for (const [i, fork] of forks.entries()) {
      if (i % 5 > 1) continue // every place in turn would take long
      const options = { fileSystem: fork.disk }
      if (!(await fork.disk.exists('/backup/meta'))) {
        expect(fork.made, fork.at).toBe(0)
        continue
      }
      expect(await listCorruptBackups('/backup', options), fork.at).toEqual([])
      const ids = (await listBackups('/backup', options)).map(({ id }) => id)
      const least = i < lastFork ? 1 : 1 + deleted
      for (let id = least; id <= fork.made; id++) expect(ids, fork.at).toContain(id)
      for (const id of ids) {
        await verifyBackup('/backup', { ...options, id })
        await restoreBackup('/backup', `/restored${id}`, { ...options, id })
        await using db = await open(fork.disk, `/restored${id}`)
        expect(await contentOf(db), fork.at).toEqual(expected[id - 1])
      }
      // And the next one is made over what was left.
      await using db = await open(fork.disk)
      await db.put('next', 'one')
      const next = await db.backup('/backup')
      await verifyBackup('/backup', { ...options, id: next.id })
    }
  })
})
