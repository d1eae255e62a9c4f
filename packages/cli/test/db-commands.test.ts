import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { sharedFixture } from '@varve/base/testing'
import { DB } from '@varve/lsm-core'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { addDbCommands } from '../src/commands/db.ts'

interface Outcome {
  readonly status: number
  readonly out: string
  readonly error: string
}

const main = join(import.meta.dirname, '../src/main.ts')

/** Runs `varve db …` as a process of its own. */
function varveProcess(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=@varve/source', main, 'db', ...args],
      { timeout: 180_000, maxBuffer: 1 << 26 },
      (error, out, text) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ status, out: out.trimEnd(), error: text.trimEnd() })
      },
    )
  })
}

/** Runs `varve db …` in this process, which saves most of the time. */
async function varve(...args: string[]): Promise<Outcome> {
  const written = { out: '', error: '' }
  const capture =
    (to: 'out' | 'error') =>
    (text: string | Uint8Array): boolean => {
      written[to] += String(text)
      return true
    }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(capture('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(capture('error')),
  ]
  const before = process.exitCode
  process.exitCode = 0
  try {
    const program = new Command('varve')
    addDbCommands(program)
    for (const command of [program, ...program.commands, ...program.commands[0]!.commands])
      command.exitOverride().configureOutput({ writeErr: (text) => (written.error += text) })
    await program.parseAsync(['db', ...args], { from: 'user' })
  } catch (error) {
    process.exitCode = 1
    written.error += (error as Error).message
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  const status = Number(process.exitCode ?? 0)
  process.exitCode = before
  return { status, out: written.out.trimEnd(), error: written.error.trimEnd() }
}

async function output(...args: string[]): Promise<string> {
  const { status, out, error } = await varve(...args)
  expect({ status, error }, args.join(' ')).toEqual({ status: 0, error: '' })
  return out
}

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'varve-cli-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

describe('varve db', () => {
  test('writes, reads, compacts and checks', async () => {
    const db = join(root, 'db')
    await output('put', db, 'user/1', 'ada', '--create-if-missing')
    await output('put', db, '0xff00', '0x0001')
    await output('put', db, 'user/2', 'bob')
    await output('create-column-family', db, 'lists')
    await output('merge', db, 'l', 'a', '--cf', 'lists', '--merge-operator', 'stringappend')
    // The OPTIONS file knows the operator from then on.
    await output('merge', db, 'l', 'b', '--cf', 'lists')
    expect(await output('list-column-families', db)).toBe('default\nlists')
    expect(await output('scan', db)).toBe('user/1 ==> ada\nuser/2 ==> bob\n0xFF00 ==> 0x0001')
    expect(await output('scan', db, '--prefix', 'user/', '--reverse', '--no-values')).toBe(
      'user/2\nuser/1',
    )
    expect(await output('scan', db, '--from', 'user/2', '--json', '--limit', '2')).toBe(
      '{"key":"user/2","value":"bob"}\n{"key":{"hex":"FF00"},"value":{"hex":"0001"}}',
    )
    expect(await output('scan', db, '--to', 'v', '--count')).toBe('2')
    expect(await output('get', db, 'l', '--cf', 'lists')).toBe('a,b')
    expect(await output('get', db, 'user/1', '--hex')).toBe('0x616461')
    await output('delete', db, 'user/1')
    await output('compact', db)
    expect(await output('scan', db, '--count')).toBe('2')
    expect(await output('check', db)).toMatch(/\d+ passed, 0 failed$/)
    const table = (await readdir(db)).find((name) => name.endsWith('.sst'))!
    expect(await output('dump-sst', join(db, table), '--verify')).toContain(
      'comparatorName: leveldb.BytewiseComparator',
    )
    expect(JSON.parse(await output('stats', db, '--json'))).toMatchObject({
      columnFamilies: [{ name: 'default' }, { name: 'lists' }],
    })
    expect(JSON.parse(await output('options', db))).toMatchObject({
      columnFamilies: { lists: { mergeOperator: 'stringappend' } },
    })
  }, 120_000)

  test('is a program: output, errors and exit codes', async () => {
    const db = join(root, 'process')
    expect(await varveProcess('put', db, 'a', '1', '--create-if-missing')).toEqual({
      status: 0,
      out: 'OK',
      error: '',
    })
    expect(await varveProcess('scan', db)).toEqual({ status: 0, out: 'a ==> 1', error: '' })
    expect(await varveProcess('get', db, 'b')).toEqual({ status: 1, out: '', error: 'not found' })
    expect(await varveProcess('scan', join(root, 'nowhere'))).toEqual({
      status: 1,
      out: '',
      error: `no database in "${join(root, 'nowhere')}"`,
    })
  }, 120_000)

  test('finds the logs of a database that keeps them elsewhere', async () => {
    const db = join(root, 'tables')
    const logs = join(root, 'logs')
    {
      await using open = await DB.open(db, { createIfMissing: true, walDirectory: logs })
      await open.put('a', '1')
    }
    const { out, error } = await varve('scan', db)
    expect(out).toBe('a ==> 1')
    expect(error).toContain(`the logs are in "${logs}"`)
    expect(await varve('scan', db, '--wal-dir', logs)).toEqual({ status: 0, out, error: '' })
    await rm(logs, { recursive: true })
    expect(await output('scan', db)).toBe('')
  })

  test('says what is wrong, and ends with 1', async () => {
    const db = join(root, 'wrong')
    await output('put', db, 'a', '1', '--create-if-missing')
    expect(await varve('get', db, 'nothing')).toMatchObject({ status: 1, error: 'not found' })
    expect(await varve('scan', join(root, 'nowhere'))).toMatchObject({
      status: 1,
      error: `no database in "${join(root, 'nowhere')}"`,
    })
    const noFamily = await varve('scan', db, '--cf', 'nobody')
    expect(noFamily).toMatchObject({ status: 1 })
    expect(noFamily.error).toContain('no column family "nobody"')
    expect((await varve('scan', db, '--limit', 'x')).error).toContain('write a whole number')
    await writeFile(join(root, 'noise.sst'), 'x'.repeat(200))
    expect((await varve('dump-sst', join(root, 'noise.sst'))).error).toContain('magic number')
  }, 120_000)

  test('backs up, verifies, restores, repairs', async () => {
    const [db, backups, restored] = ['source', 'backups', 'restored'].map((name) =>
      join(root, name),
    ) as [string, string, string]
    await output('put', db, 'a', '1', '--create-if-missing')
    expect(await output('backup', db, backups, '--metadata', 'first')).toMatch(/^backup 1 with/)
    await output('put', db, 'a', '2')
    await output('backup', db, backups, '--schema', '2')
    const listed = (await output('list-backups', backups, '--json'))
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; note: string })
    expect(listed).toMatchObject([{ id: 1, note: 'first' }, { id: 2 }])
    expect(await output('verify-backup', backups, '--id', '1')).toContain('are good')
    await output('restore', backups, restored, '--id', '1')
    expect(await output('get', restored, 'a')).toBe('1')
    expect(await varve('restore', backups, restored)).toMatchObject({ status: 1 })
    await output('restore', backups, restored, '--replace')
    expect(await output('get', restored, 'a')).toBe('2')
    await output('purge-backups', backups, '1')
    await rm(join(restored, 'CURRENT'))
    expect(await varve('get', restored, 'a')).toMatchObject({ status: 1 })
    expect(await output('repair', restored)).toContain('0 files are damaged')
    expect(await output('get', restored, 'a')).toBe('2')
    await output('checkpoint', restored, join(root, 'copy'))
    expect(await output('get', join(root, 'copy'), 'a')).toBe('2')
    await output('destroy', restored, '--yes')
    expect(await readdir(root)).not.toContain('restored')
  }, 120_000)

  test("times workloads by db_bench's names", async () => {
    const text = await output(
      ...['bench', '--num', '500', '--seed', '1', '--json'],
      ...['--benchmarks', 'fillseq,readrandom,readmissing,seekrandom,readseq,deleteseq,compact'],
    )
    const results = text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(results).toMatchObject([
      { benchmark: 'fillseq', operations: 500 },
      { benchmark: 'readrandom', operations: 500, found: 500 },
      { benchmark: 'readmissing', operations: 500, found: 0 },
      { benchmark: 'seekrandom', operations: 500, found: 500 },
      { benchmark: 'readseq', operations: 500 },
      { benchmark: 'deleteseq', operations: 500 },
      { benchmark: 'compact', operations: 1 },
    ])
    expect(await varve('bench', '--benchmarks', 'nonsense')).toMatchObject({
      status: 1,
      error: 'no benchmark "nonsense"',
    })
  }, 120_000)

  const fixtures = sharedFixture('fixtures/rocksdb')
  test('does not call damaged what is not supported', async () => {
    const db = join(root, 'cuckoo')
    await output('put', db, 'a', 'b', '--create-if-missing')
    await output('compact', db)
    const table = join(
      db,
      (await readdir(db)).find((name) => name.endsWith('.sst'))!,
    )
    const bytes = await readFile(table)
    bytes.writeBigUInt64LE(0x926789d0c5f17873n, bytes.length - 8)
    await writeFile(table, bytes)
    expect(await varve('check', db)).toMatchObject({
      status: 1,
      out: expect.stringMatching(/^UNSUPPORTED .*\.sst \(default, level \d\): CuckooTable/m),
    })
    const [line] = (await varve('check', db, '--json')).out.split('\n')
    expect(JSON.parse(line!)).toMatchObject({ ok: false, verdict: 'unsupported' })
    await writeFile(table, bytes.subarray(0, 100))
    expect((await varve('check', db)).out).toMatch(/^DAMAGED /m)
  })

  test.skipIf(fixtures === undefined)(
    'reads what RocksDB wrote, as its OPTIONS say',
    async () => {
      const fixture = (name: string): string => join(fixtures!, name)
      const before = await readdir(fixture('db-reverse'))
      expect(await output('scan', fixture('db-reverse'), '--limit', '1', '--no-values')).toBe(
        'key00000199',
      )
      expect(await output('scan', fixture('db-blob'), '--count')).toBe('60')
      expect(await output('scan', fixture('db-ttl'), '--limit', '1')).toBe(
        'key00000000 ==> value-00000000|value-00000000|',
      )
      expect(await output('check', fixture('db-wal-recycled'))).toContain(' 0 failed')
      const log = await output('dump-wal', join(fixture('db-wal-only'), '000004.log'), '--json')
      expect(JSON.parse(log.split('\n')[0]!)).toMatchObject({ sequence: 1, count: 1 })
      expect(await readdir(fixture('db-reverse'))).toEqual(before)
    },
    120_000,
  )
})
