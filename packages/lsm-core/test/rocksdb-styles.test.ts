import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { utf8Text } from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { nodeFileSystem } from '@varve/vfs'
import { afterAll, describe, expect, test } from 'vitest'

import { DB, type ColumnFamilyOptions, type DBOptions } from '../src/index.ts'
import { compileNativeProgram } from './native-program.ts'
import { StyleHistory } from './style-history.ts'
import { randomFamilyOptions, randomJobOptions } from './style-options.ts'

const runs = Number(process.env['VARVE_STYLE_JUDGED_RUNS'] ?? 6)
const families = ['default', 'other']
const program = compileNativeProgram('open-styles')

/** Runs a tool; fails on any complaint. */
function run(command: string, args: readonly string[]): string {
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  expect(stderr, `${command} ${args.join(' ')}`).toBe('')
  expect({ status, signal }).toEqual({ status: 0, signal: null })
  return stdout
}

/** What the judge prints, by family. */
function parse(output: string): Map<string, Map<string, string>> {
  const content = new Map(families.map((name) => [name, new Map<string, string>()]))
  for (const line of output.split('\n').slice(0, -1)) {
    const [family, key, value] = line.split('\t')
    const text = (hex: string | undefined): string => utf8Text(Buffer.from(hex ?? '', 'hex'))
    content.get(family!)!.set(text(key), text(value))
  }
  return content
}

function sorted(content: ReadonlyMap<string, ReadonlyMap<string, string>>): unknown {
  return Object.fromEntries(
    [...content].map(([name, map]) => [name, [...map].sort(([a], [b]) => (a < b ? -1 : 1))]),
  )
}

function specs(columnFamilies: Readonly<Record<string, ColumnFamilyOptions>>): string[] {
  return Object.entries(columnFamilies).map(
    ([name, { compactionStyle = 'level', numLevels = 7 }]) =>
      `${name}:${compactionStyle}:${numLevels}`,
  )
}

describe.skipIf(program === undefined)('RocksDB on directories compacted here', () => {
  const root = mkdtempSync(join(tmpdir(), 'varve-styles-'))
  afterAll(() => {
    rmSync(root, { recursive: true, force: true })
    assertNoOpenResources()
  })

  test.each(Array.from({ length: runs }, (_, i) => 1000 + i))(
    'opens every style strictly, goes on with it, and we go on with that (seed %i)',
    async (seed) => {
      const random = createSeededRandom(seed)
      const directory = join(root, `db-${seed}`)
      const scratch = join(root, `scratch-${seed}`)
      mkdirSync(scratch)
      const history = new StyleHistory(random, families, { fileSystem: nodeFileSystem, scratch })
      let numLevels = random.pick([1, 2, 7])
      for (let opening = 0; opening < 3; opening++) {
        const isLast = opening === 2
        const columnFamilies: Record<string, ColumnFamilyOptions> = {}
        for (const name of families) {
          columnFamilies[name] = {
            ...randomFamilyOptions(random, numLevels),
            ...(isLast && random.below(3) === 0 ? { compactionStyle: 'fifo' as const } : {}),
          }
        }
        const options: DBOptions = {
          createIfMissing: true,
          columnFamilies,
          background: random.pick(['worker', 'inline']),
          ...randomJobOptions(random),
        }
        {
          await using db = await DB.open(directory, options)
          await history.check(db)
          for (let i = 0; i < 60; i++) await history.step(db)
          history.releaseAll()
          if (random.below(2) === 0) await db.waitForCompactions()
          await history.check(db)
        }
        for (const name of readdirSync(directory).filter((file) => file.endsWith('.sst')))
          run('sst_dump', [
            `--file=${join(directory, name)}`,
            '--command=verify',
            '--verify_checksum',
          ])
        // FIFO compaction of RocksDB would delete what is deep; the others rewrite everything.
        const isFifo = Object.values(columnFamilies).some((o) => o.compactionStyle === 'fifo')
        const mode = !isFifo && opening > 0 ? 'compact' : 'look'
        const content = parse(run(program!, [directory, mode, ...specs(columnFamilies)]))
        if (mode === 'compact')
          for (const map of history.model.values()) map.set('zz-by-rocksdb', '1')
        expect(sorted(content)).toEqual(sorted(history.model))
        // Without our options: their memtables are smaller than an arena block of RocksDB's, which it asserts. Without a merge
        // operator it could not replay the log, which the judge has done before.
        const plain = [`--db=${directory}`, '--try_load_options=false', 'checkconsistency']
        expect(run('ldb', plain)).toContain('OK')
        numLevels = Math.max(numLevels, random.pick([1, 2, 7]))
      }
    },
    120_000,
  )
})
