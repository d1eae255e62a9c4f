import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { LockedError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB } from '../src/index.ts'

/** Writes numbered batches for ever and prints each number once it is acknowledged. */
const writer = `
  import { writeSync } from 'node:fs'
  import { DB, WriteBatch } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
  const print = (text) => {
    for (;;) {
      try {
        return writeSync(1, text)
      } catch (error) {
        // The pipe is full: who reads it is slow.
        if (error.code !== 'EAGAIN') throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      }
    }
  }
  const columnFamilies = { default: { writeBufferSizeBytes: 20_000, level0FileNumCompactionTrigger: 2 }, other: { writeBufferSizeBytes: 8_000 } }
  const db = await DB.open(process.argv[1], { createIfMissing: true, columnFamilies })
  const cf = db.columnFamily('other')
  const last = await db.get('last', { encoding: 'utf8' })
  for (let n = Number(last ?? 0) + 1; ; n++) {
    const batch = new WriteBatch().put('last', String(n)).put('last', String(n), { cf }).put('key' + String(n % 500).padStart(8, '0'), 'v'.repeat(100))
    if (n % 3 === 0) db.writeSync(batch, { sync: n % 30 === 0 })
    else await db.write(batch)
    print(n + '\\n')
  }
`

describe('DB and other processes', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'varve-processes-'))
  })
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true })
    assertNoOpenResources()
  })

  const start = (): ChildProcess =>
    spawn(
      process.execPath,
      ['--conditions=@varve/source', '--input-type=module', '--eval', writer, directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )

  it('refuses a directory that another process has open, but reads it', async () => {
    const child = start()
    try {
      await once(child.stdout!, 'data')
      await expect(DB.open(directory, { columnFamilies: '*' })).rejects.toThrow(LockedError)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await using db = await DB.openReadOnly(directory)
    expect(Number(await db.get('last', { encoding: 'utf8' }))).toBeGreaterThan(0)
  })

  it('loses nothing acknowledged and invents nothing when the writer is killed again and again', async () => {
    for (let round = 0; round < 5; round++) {
      const child = start()
      let acknowledged = 0
      const lines = createInterface({ input: child.stdout! })
      lines.on('line', (line) => (acknowledged = Number(line)))
      await once(lines, 'line')
      const target = acknowledged + 300 + round * 137
      while (acknowledged < target) await once(lines, 'line')
      // What the pipe holds yet was acknowledged, too.
      const ended = Promise.all([once(lines, 'close'), once(child, 'exit')])
      child.kill('SIGKILL')
      await ended
      await using db = await DB.open(directory, { columnFamilies: '*' })
      const last = Number(await db.get('last', { encoding: 'utf8' }))
      expect(last).toBeGreaterThanOrEqual(acknowledged)
      expect(last).toBeLessThanOrEqual(acknowledged + 1)
      expect(await db.get('last', { cf: db.columnFamily('other'), encoding: 'utf8' })).toBe(
        String(last),
      )
    }
  }, 300_000)
})
