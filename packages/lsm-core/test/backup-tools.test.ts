import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { DB, listBackups, restoreBackup, verifyBackup } from '../src/index.ts'
import { hasRocksdbTools } from './rocksdb-programs.ts'

describe.skipIf(!hasRocksdbTools('ldb'))("backups and RocksDB's BackupEngine", () => {
  let root: string
  let database: string
  let backups: string
  const columnFamilies = { default: {}, users: { compression: 'zstd' } } as const

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'varve-backup-'))
    database = join(root, 'db')
    backups = join(root, 'backups')
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const ldb = (...args: string[]): string =>
    execFileSync('ldb', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

  async function backUp(value: string, schemaVersion: 1 | 2): Promise<void> {
    await using db = await DB.open(database, { createIfMissing: true, columnFamilies })
    const cf = db.columnFamily('users')
    for (let i = 0; i < 200; i++) await db.put(`${value}${i}`, 'x'.repeat(50), { cf })
    await db.flush()
    await db.put('which', value)
    await db.backup(backups, { schemaVersion })
  }

  it('restores ours, in both layouts', async () => {
    for (const [id, schemaVersion] of [1, 2].entries()) {
      await backUp(`v${id}`, schemaVersion as 1 | 2)
      const target = join(root, `restored${id}`)
      ldb(`--db=${target}`, 'restore', `--backup_dir=${backups}`)
      expect(ldb(`--db=${target}`, 'checkconsistency')).toContain('OK')
      expect(ldb(`--db=${target}`, 'get', 'which').trim()).toBe(`v${id}`)
      const users = ldb(`--db=${target}`, '--column_family=users', 'scan', '--no_value')
      expect(users.trim().split('\n')).toHaveLength(200 * (id + 1))
    }
  })

  it('adds one to ours, and we one to its', async () => {
    ldb(`--db=${database}`, 'put', 'which', 'ldb')
    ldb(`--db=${database}`, 'backup', `--backup_dir=${backups}`)
    const before = await listBackups(backups)
    expect(before.map(({ id }) => id)).toEqual([1, 2, 3])
    for (const { id } of before) await verifyBackup(backups, { id })
    await restoreBackup(backups, join(root, 'ours'))
    {
      await using db = await DB.open(join(root, 'ours'), { columnFamilies: '*' })
      expect(await db.get('which', { encoding: 'utf8' })).toBe('ldb')
    }
    await backUp('v4', 1)
    const target = join(root, 'restored4')
    ldb(`--db=${target}`, 'restore', `--backup_dir=${backups}`)
    expect(ldb(`--db=${target}`, 'get', 'which').trim()).toBe('v4')
  })
})
