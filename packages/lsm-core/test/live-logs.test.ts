import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { assertNoOpenResources } from '@varve/base/testing'
import type { WalRecoveryMode } from '@varve/wal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB } from '../src/index.ts'
import { hasRocksdbTools } from './rocksdb-programs.ts'

const modes: readonly (readonly [WalRecoveryMode, string])[] = [
  ['tolerateCorruptedTailRecords', 'kTolerateCorruptedTailRecords'],
  ['absoluteConsistency', 'kAbsoluteConsistency'],
  ['pointInTime', 'kPointInTimeRecovery'],
  ['skipAnyCorruptedRecords', 'kSkipAnyCorruptedRecords'],
]

const logsOf = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.endsWith('.log'))

/** What a tool of RocksDB prints; undefined when it refuses. */
function ldb(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('ldb', args, { encoding: 'utf8', timeout: 60_000 })
  return status === 0 && !stdout.startsWith('Failed') ? stdout : undefined
}

describe('logs of an open database', () => {
  let root: string
  let directory: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'varve-live-logs-'))
    directory = join(root, 'db')
  })
  afterEach(() => {
    rmSync(root, { recursive: true })
    assertNoOpenResources()
  })

  /** Writes `count` synced entries, with a flush after every 60; leaves the database open. */
  async function filled(recycleLogFileNum: number, count: number): Promise<DB> {
    const db = await DB.open(directory, { createIfMissing: true, recycleLogFileNum })
    for (let n = 0; n < count; n++) {
      db.putSync(`key${n}`, 'v'.repeat(100 + (n % 50)), { sync: true })
      if (n % 60 === 59) await db.flush()
    }
    return db
  }

  async function keysOf(
    copy: string,
    walRecoveryMode: WalRecoveryMode,
  ): Promise<number | undefined> {
    try {
      await using db = await DB.open(copy, { walRecoveryMode })
      using cursor = db.cursor()
      let keys = 0
      for (cursor.seekToFirst(); cursor.valid; cursor.next()) keys++
      return keys
    } catch {
      return undefined
    }
  }

  for (const { what, recycle, count } of [
    { what: 'zeros ahead', recycle: 0, count: 50 },
    { what: 'an older life behind', recycle: 2, count: 400 },
  ]) {
    it.skipIf(!hasRocksdbTools('ldb'))(
      `with ${what} open in RocksDB and here alike, in every recovery mode`,
      async () => {
        await using db = await filled(recycle, count)
        const [log] = logsOf(directory).slice(-1)
        const sizeBytes = statSync(join(directory, log!)).size
        expect(sizeBytes).toBeGreaterThan(8000)
        const dumped = ldb('dump_wal', `--walfile=${join(directory, log!)}`)!
        expect(dumped.match(/^\d+,1,/gm)).toHaveLength(count % 60)
        for (const [mode, name] of modes) {
          const copies = [join(root, `${mode}-rocksdb`), join(root, `${mode}-ours`)] as const
          for (const copy of copies) cpSync(directory, copy, { recursive: true })
          const options = join(
            copies[0],
            readdirSync(copies[0]).findLast((file) => file.startsWith('OPTIONS'))!,
          )
          writeFileSync(
            options,
            readFileSync(options, 'utf8').replace(
              /wal_recovery_mode=.*/,
              `wal_recovery_mode=${name}`,
            ),
          )
          const opened =
            ldb(`--db=${copies[0]}`, '--try_load_options', 'put', 'z', '1') !== undefined
          const ours = await keysOf(copies[1], mode)
          // The end of a log that was written over looks damaged, which this mode forgives nowhere.
          const refused = recycle > 0 && mode === 'absoluteConsistency'
          expect(opened, mode).toBe(!refused)
          expect(ours, mode).toBe(refused ? undefined : count)
          if (opened)
            expect(ldb(`--db=${copies[0]}`, 'scan', '--no_value')!.trim().split('\n')).toHaveLength(
              count + 1,
            )
        }
        let since = 0
        for await (const batch of db.getUpdatesSince(db.latestSequence - 20)) since += batch.count
        expect(since).toBe(21)
      },
    )
  }

  it('are cut to what is in them when the database is closed, and spare ones removed', async () => {
    await using db = await filled(2, 200)
    expect(logsOf(directory)).toHaveLength(2)
    const bytes = statSync(join(directory, logsOf(directory).at(-1)!)).size
    await db.close()
    expect(logsOf(directory)).toHaveLength(1)
    expect(statSync(join(directory, logsOf(directory)[0]!)).size).toBeLessThan(bytes)
    expect(await keysOf(directory, 'absoluteConsistency')).toBe(200)
  })

  it('show a secondary every write at once, though their length stays', async () => {
    await using db = await filled(2, 130)
    await using secondary = await DB.openAsSecondary(directory, join(root, 'secondary'))
    const [log] = logsOf(directory).slice(-1)
    const sizeBytes = statSync(join(directory, log!)).size
    for (let n = 0; n < 100; n++) {
      db.putSync(`more${n}`, String(n), { sync: n % 3 === 0 })
      await secondary.tryCatchUpWithPrimary()
      expect(await secondary.get(`more${n}`, { encoding: 'utf8' })).toBe(String(n))
    }
    expect(statSync(join(directory, log!)).size).toBe(sizeBytes)
  })

  it('are not written over where recovery could not tell', async () => {
    await using db = await DB.open(directory, {
      createIfMissing: true,
      recycleLogFileNum: 4,
      walRecoveryMode: 'tolerateCorruptedTailRecords',
    })
    for (let n = 0; n < 50; n++) {
      db.putSync(`key${n}`, 'v', { sync: true })
      if (n === 30) await db.flush()
    }
    expect(logsOf(directory)).toHaveLength(1)
    expect(statSync(join(directory, logsOf(directory)[0]!)).size).toBeLessThan(2000)
    expect(readFileSync(join(directory, 'LOG'), 'utf8')).toContain(
      'recycleLogFileNum has no effect with walRecoveryMode tolerateCorruptedTailRecords',
    )
  })
})
