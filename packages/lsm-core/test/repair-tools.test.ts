import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB, repairDb } from '../src/index.ts'
import { hasRocksdbTools } from './rocksdb-programs.ts'

const columnFamilies = {
  default: { writeBufferSizeBytes: 20_000, targetFileSizeBaseBytes: 10_000 },
  sums: { writeBufferSizeBytes: 20_000, mergeOperator: 'uint64add' },
} as const

const damages: Readonly<Record<string, (directory: string) => void>> = {
  'CURRENT is gone': (directory) => rmSync(join(directory, 'CURRENT')),
  'CURRENT and MANIFEST are gone': (directory) => {
    for (const name of readdirSync(directory))
      if (/^(CURRENT|MANIFEST)/.test(name)) rmSync(join(directory, name))
  },
  'the MANIFEST is noise': (directory) => {
    for (const name of readdirSync(directory))
      if (name.startsWith('MANIFEST')) writeFileSync(join(directory, name), 'x'.repeat(5000))
  },
  'a table is damaged': (directory) => {
    const name = readdirSync(directory).find((one) => one.endsWith('.sst'))!
    const data = readFileSync(join(directory, name))
    data[30]! ^= 1
    writeFileSync(join(directory, name), data)
  },
}

describe.skipIf(!hasRocksdbTools('ldb'))('a repaired database', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'varve-repair-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const ldb = (...args: string[]): string =>
    execFileSync('ldb', [`--db=${directory}`, ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  for (const [what, damage] of Object.entries(damages)) {
    it(`is one for RocksDB, too, when ${what}`, async () => {
      {
        await using db = await DB.open(directory, { createIfMissing: true, columnFamilies })
        const cf = db.columnFamily('sums')
        const one = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)
        for (let i = 0; i < 4000; i++) {
          await db.put(`key${i % 1000}`, `value ${i} `.repeat(3))
          await db.merge(`sum${i % 10}`, one, { cf })
        }
        await db.compactRange()
        await db.put('last', 'in the log')
      }
      damage(directory)
      const { damaged } = await repairDb(directory)
      expect(ldb('checkconsistency')).toContain('OK')
      const rows = ldb('scan', '--no_value').trim().split('\n').length
      const sums = ldb('--column_family=sums', 'scan', '--hex').trim().split('\n')
      if (damaged.length === 0) {
        expect(rows).toBe(1001)
        expect(ldb('get', 'last').trim()).toBe('in the log')
        expect(sums).toHaveLength(10)
        for (const row of sums) expect(row).toMatch(/: 0x9001000000000000$/)
      }
      await using db = await DB.open(directory, { columnFamilies })
      let seen = 0
      for await (const _ of db.range()) seen++
      expect(seen).toBe(rows)
    })
  }
})
