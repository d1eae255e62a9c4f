import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { utf8Text } from '@varve/base'
import { isPeerThere } from '@varve/base/testing'
import { DB } from '@varve/lsm-core'
import { afterAll, describe, expect, test } from 'vitest'

import { collectCases } from './cases.ts'
import { readFixtures } from './fixture.ts'
import { checkRewritten } from './rewritten-case.ts'

/** Databases of random options; many more by `make-databases-cc`. */
const randomDatabases = Number(process.env['VARVE_ROCKSDB_DATABASES'] ?? 8)
/** Hundreds of families: to have compacted one such database is enough. */
const notRewritten = new Set(['kind-grid-reverse'])
/** RocksDB hangs on some of them; those are left out. */
const randomTimeoutMs = 20_000
const seed = Number(process.env['VARVE_ROCKSDB_SEED'] ?? 2026)

const root = mkdtempSync(join(tmpdir(), 'varve-rocksdb-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

/** Path of a program of `cpp/`; undefined, aloud, without compiler or library. */
function compile(name: string): string | undefined {
  const program = join(root, name)
  const source = join(import.meta.dirname, '../cpp', `${name}.cc`)
  const args = ['-std=c++17', '-O0', '-o', program, source, '-lrocksdb', '-lcrypto']
  const { status, stderr } = spawnSync('g++', args, { encoding: 'utf8' })
  if (status === 0) return program
  isPeerThere(
    `g++, librocksdb-dev and libssl-dev (Debian packages) for ${name}: ${stderr ?? 'no compiler'}`,
    false,
  )
  return undefined
}

const kinds = compile('make_kinds')
const random = kinds === undefined ? undefined : compile('make_databases')

async function failures(directory: string): Promise<string[]> {
  const failed: string[] = []
  const cases = await collectCases(directory)
  expect(cases.length).toBeGreaterThan(0)
  for (const { name, run } of cases) {
    try {
      await run()
    } catch (error) {
      failed.push(`${name}: ${String(error)}`)
    }
  }
  return failed
}

/** How long a secondary follows a writer. */
const followedMs = 4000

/** The number that the ten keys of both families have. @throws when they do not all have the same */
function numberIn(db: DB): number {
  const numbers = new Set<number>()
  for (const cf of db.columnFamilies) {
    for (let n = 0; n < 10; n++) {
      const value = db.getSync(`key${n % 5}/${String(n).padStart(6, '0')}`, { cf })
      numbers.add(value === undefined ? 0 : Number.parseInt(utf8Text(value), 10))
    }
  }
  expect(numbers.size).toBe(1)
  return [...numbers][0]!
}

describe.skipIf(kinds === undefined)('databases of the installed RocksDB', () => {
  test('of every kind are read, or refused by name; RocksDB reads what is compacted here', async () => {
    const directory = join(root, 'kinds')
    const made = spawnSync(kinds!, [directory], { encoding: 'utf8', timeout: 60_000 })
    expect({ status: made.status, out: made.stdout }).toEqual({ status: 0, out: '' })
    expect(await failures(directory)).toEqual([])
    for (const fixture of await readFixtures(directory))
      if (fixture.kind === 'db' && !notRewritten.has(fixture.name))
        await checkRewritten(join(directory, fixture.name), fixture, kinds!)
  }, 240_000)

  test('of random options and histories are read', async () => {
    const directory = join(root, 'random')
    spawnSync(random!, [directory, String(seed), String(randomDatabases)], {
      timeout: randomTimeoutMs,
    })
    expect(await failures(directory)).toEqual([])
  }, 120_000)

  test('are followed while RocksDB writes to them: every batch whole, none taken back', async () => {
    const directory = join(root, 'live')
    const writer = spawn(kinds!, ['live', directory], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => writer.once('close', resolve))
    const lines = createInterface(writer.stdout)[Symbol.asyncIterator]()
    try {
      await lines.next()
      const columnFamilies = { default: {}, other: {} }
      await using db = await DB.openAsSecondary(directory, join(root, 'follower'), {
        columnFamilies,
      })
      let last = 0
      let progress = 0
      for (const end = performance.now() + followedMs; performance.now() < end;) {
        await db.tryCatchUpWithPrimary()
        const now = numberIn(db)
        expect(now).toBeGreaterThanOrEqual(last)
        if (now > last) progress++
        last = now
      }
      expect(progress).toBeGreaterThan(1)
      writer.stdin.end()
      const { value } = await lines.next()
      await ended
      await db.tryCatchUpWithPrimary()
      expect(numberIn(db)).toBe(Number(value))
    } finally {
      writer.stdin.end()
      await ended
    }
  }, 60_000)
})
