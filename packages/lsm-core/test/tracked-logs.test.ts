import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { CorruptionError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { readManifest } from '@varve/manifest'
import { nodeFileSystem } from '@varve/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB, type DBOptions } from '../src/index.ts'
import { hasRocksdbTools } from './rocksdb-programs.ts'

describe('logs that the MANIFEST tracks', () => {
  let root: string
  let directory: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'varve-tracked-logs-'))
    directory = join(root, 'db')
  })
  afterEach(() => {
    rmSync(root, { recursive: true })
    assertNoOpenResources()
  })

  const options: DBOptions = {
    createIfMissing: true,
    trackAndVerifyWalsInManifest: true,
    columnFamilies: { quiet: {} },
  }
  const logs = (at: string): string[] => readdirSync(at).filter((name) => name.endsWith('.log'))

  /** Leaves a copy of an open database whose quiet family needs two finished logs. */
  async function copyWithThreeLogs(more: DBOptions = {}): Promise<string> {
    const copy = join(root, 'copy')
    await using db = await DB.open(directory, { ...options, ...more })
    db.putSync('quiet', '1', { cf: db.columnFamily('quiet'), sync: true })
    for (let n = 0; n < 2; n++) {
      for (let i = 0; i < 5; i++) db.putSync(`key${n}${i}`, 'v', { sync: true })
      await db.flush({ cf: db.columnFamily('default') })
    }
    await db.put('last', 'v', { sync: true })
    cpSync(directory, copy, { recursive: true })
    return copy
  }

  for (const recycleLogFileNum of [0, 2]) {
    it(`are listed with their sizes until nobody needs them (${recycleLogFileNum} recycled)`, async () => {
      const copy = await copyWithThreeLogs({ recycleLogFileNum })
      const { trackedWals } = await readManifest(nodeFileSystem, copy)
      const names = logs(copy)
      expect(names).toHaveLength(3)
      expect(trackedWals).toEqual(
        names.slice(0, 2).map((name) => ({
          number: parseInt(name, 10),
          syncedSizeBytes: statSync(join(copy, name)).size,
        })),
      )
      {
        await using db = await DB.open(copy, options)
        expect(await db.get('last', { encoding: 'utf8' })).toBe('v')
        expect(await db.get('quiet', { cf: db.columnFamily('quiet'), encoding: 'utf8' })).toBe('1')
      }
      expect((await readManifest(nodeFileSystem, copy)).trackedWals).toEqual([])
      await using again = await DB.open(copy, options)
      await again.put('key', 'v', { sync: true })
      await again.flush()
      await again.flush({ cf: again.columnFamily('quiet') })
      expect((await readManifest(nodeFileSystem, copy)).trackedWals).toEqual([])
    })
  }

  it('are asked for when the database is opened with the option, and forgotten without', async () => {
    const copy = await copyWithThreeLogs()
    const [first, second] = logs(copy)
    truncateSync(join(copy, second!), statSync(join(copy, second!)).size - 1)
    await expect(DB.open(copy, options)).rejects.toThrow(CorruptionError)
    await expect(DB.open(copy, options)).rejects.toThrow(
      `log is shorter than the manifest says in "${join(copy, second!)}"`,
    )
    rmSync(join(copy, first!))
    await expect(DB.open(copy, options)).rejects.toThrow(
      `log of the manifest is missing in "${join(copy, first!)}"`,
    )
    await (
      await DB.open(copy, { columnFamilies: '*', walRecoveryMode: 'skipAnyCorruptedRecords' })
    ).close()
    await (await DB.open(copy, options)).close()
  })

  it('survive a crash between the steps of a flush, and a new MANIFEST', async () => {
    const copy = await copyWithThreeLogs()
    await using db = await DB.open(copy, options)
    for (let n = 0; n < 6; n++) {
      await db.put(`more${n}`, 'v', { sync: n % 2 === 0 })
      if (n % 2 === 1) await db.put('quiet', String(n), { cf: db.columnFamily('quiet') })
      await db.flush({ cf: db.columnFamily('default') })
      const crashed = join(root, `crashed${n}`)
      cpSync(copy, crashed, { recursive: true })
      await using other = await DB.open(crashed, options)
      expect(await other.get(`more${n}`, { encoding: 'utf8' })).toBe('v')
    }
    await db.checkpoint(join(root, 'checkpoint'))
    await (await DB.open(join(root, 'checkpoint'), options)).close()
  })

  it.skipIf(!hasRocksdbTools('ldb'))('are asked for by RocksDB, too', async () => {
    const copy = await copyWithThreeLogs()
    const put = (at: string): string => {
      const args = [`--db=${at}`, '--try_load_options', 'put', 'z', '1']
      const { stdout, stderr } = spawnSync('ldb', args, { encoding: 'utf8', timeout: 60_000 })
      return stdout + stderr
    }
    const whole = join(root, 'whole')
    cpSync(copy, whole, { recursive: true })
    expect(put(whole)).toContain('OK')
    await (await DB.open(whole, options)).close()
    const [first] = logs(copy)
    truncateSync(join(copy, first!), statSync(join(copy, first!)).size - 1)
    expect(put(copy)).toContain('Size mismatch')
    rmSync(join(copy, first!))
    expect(put(copy)).toContain('Missing WAL with log number')
  })
})
