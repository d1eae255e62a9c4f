import {
  CorruptionError,
  crc32c,
  formatHex,
  IoError,
  UnsupportedError,
  utf8Bytes,
} from '@varve/base'
import { tableFileName } from '@varve/manifest'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import { DB } from '../index.ts'
import { parseBackupMeta } from './backup-meta.ts'
import { listBackups } from './backup-directory.ts'
import { restoreBackup } from './restore-backup.ts'

/** Lays out `/db` as backup `id`, in the form that RocksDB's BackupEngine gives it. */
async function backUp(fs: MemoryFileSystem, id: number): Promise<void> {
  const lines: string[] = []
  for (const folder of ['meta', `private/${id}`, 'shared_checksum'])
    await fs.mkdir(`/backup/${folder}`)
  for (const name of await fs.list('/db')) {
    if (/^(LOCK|LOG|IDENTITY)/.test(name)) continue
    const data = await fs.readFile(`/db/${name}`)
    const path = name.endsWith('.sst')
      ? `shared_checksum/${name.replace('.sst', `_sSESSION_${data.length}.sst`)}`
      : `private/${id}/${name}`
    await fs.writeFileAtomic(`/backup/${path}`, data)
    lines.push(`${path} crc32 ${crc32c(data)}`)
  }
  const text = [
    '1795200255',
    '7',
    `metadata ${formatHex(utf8Bytes('note'))}`,
    lines.length,
    ...lines,
    '',
  ]
  await fs.writeFileAtomic(`/backup/meta/${id}`, utf8Bytes(text.join('\n')))
}

async function backedUp(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  for (const id of [1, 2, 10]) {
    {
      await using db = await DB.open('/db', { createIfMissing: true, fileSystem })
      await db.put('id', String(id))
      await db.flush()
      await db.put('log', String(id))
    }
    await backUp(fileSystem, id)
  }
  return fileSystem
}

describe('restoreBackup', () => {
  it('restores the newest backup, or the one asked for', async () => {
    const fileSystem = await backedUp()
    const backups = await listBackups('/backup', { fileSystem })
    expect(backups.map(({ id }) => id)).toEqual([1, 2, 10])
    expect(backups[0]).toMatchObject({
      timestampS: 1795200255,
      sequence: 7,
      metadata: utf8Bytes('note'),
    })
    for (const [target, id] of [
      ['/newest', undefined],
      ['/second', 2],
    ] as const) {
      const backup = await restoreBackup('/backup', target, {
        fileSystem,
        ...(id === undefined ? {} : { id }),
      })
      expect(backup.id).toBe(id ?? 10)
      await using db = await DB.open(target, { fileSystem })
      expect(await db.get('id', { encoding: 'utf8' })).toBe(String(id ?? 10))
      expect(await db.get('log', { encoding: 'utf8' })).toBe(String(id ?? 10))
    }
    await expect(restoreBackup('/backup', '/newest', { fileSystem })).rejects.toMatchObject({
      code: 'VARVE_ALREADY_EXISTS',
    })
    await expect(restoreBackup('/backup', '/x', { fileSystem, id: 3 })).rejects.toMatchObject({
      code: 'VARVE_NOT_FOUND',
    })
  })

  it('leaves no database when a file is damaged', async () => {
    const fileSystem = await backedUp()
    const { files } = (await listBackups('/backup', { fileSystem })).at(-1)!
    const table = files.find(({ name }) => name === tableFileName(Number.parseInt(name, 10)))!
    const data = await fileSystem.readFile(`/backup/${table.path}`)
    data[10]! ^= 1
    await fileSystem.writeFileAtomic(`/backup/${table.path}`, data)
    await expect(restoreBackup('/backup', '/target', { fileSystem })).rejects.toThrow(
      CorruptionError,
    )
    await expect(DB.open('/target', { fileSystem })).rejects.toMatchObject({
      code: 'VARVE_NOT_FOUND',
    })
  })
})

describe('a disk that fails', () => {
  it('does not make an older backup the newest', async () => {
    const fileSystem = new FaultInjectionFileSystem(await backedUp())
    fileSystem.inject({ operation: 'read', path: /meta\/10$/, times: 1, error: 'EIO' })
    await expect(restoreBackup('/backup', '/target', { fileSystem })).rejects.toThrow(IoError)
    expect(await restoreBackup('/backup', '/target', { fileSystem })).toMatchObject({ id: 10 })
  })
})

describe('parseBackupMeta', () => {
  const parse = (text: string): unknown => parseBackupMeta(1, utf8Bytes(text), 'meta/1')

  it('reads the later layout and skips what may be ignored', () => {
    const text = 'schema_version 2.1\n5\n6\nnew thing\n1\nshared/000007.sst size 12 crc32 9\n'
    expect(parse(text)).toMatchObject({
      timestampS: 5,
      sequence: 6,
      files: [{ path: 'shared/000007.sst', name: '000007.sst', checksum: 9 }],
    })
  })

  it('refuses what it does not know and paths that lead elsewhere', () => {
    expect(() => parse('schema_version 3\n1\n1\n0\n')).toThrow(UnsupportedError)
    expect(() => parse('1\n1\nni::new thing\n0\n')).toThrow(UnsupportedError)
    for (const text of [
      '',
      '1\nx\n0\n',
      '1\n1\n2\nshared/000007.sst crc32 9\n',
      '1\n1\n1\n../shared/000007.sst crc32 9\n',
      '1\n1\n1\nprivate/1/../../x crc32 9\n',
      '1\n1\n1\nprivate/1/.. crc32 9\n',
      '1\n1\n1\nshared/000007.sst crc32 -9\n',
      '1\n1\nmetadata 0\n0\n',
    ]) {
      expect(() => parse(text)).toThrow(CorruptionError)
    }
  })
})
