import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { DB } from '@varve/lsm-core'

import { checkContent, compareFamilies, familyOptions } from './database-case.ts'
import type { ExpectedPairs, FixtureDescription } from './fixture.ts'

/**
 * Opens a copy of the database for writing and compacts every family of it; then `program`, which is `make_kinds`, has RocksDB open what
 * came of it, strictly, and both must still see what was in it.
 *
 * @throws Error when the content differs, or RocksDB complains
 */
export async function checkRewritten(
  path: string,
  fixture: FixtureDescription,
  program: string,
): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'rocksdb-check-'))
  const copy = join(parent, 'db')
  try {
    await cp(path, copy, { recursive: true })
    {
      const columnFamilies = familyOptions(fixture)
      await using db = await DB.open(copy, { columnFamilies, background: 'inline' })
      for (const cf of db.columnFamilies) await db.compactRange({ cf })
    }
    await checkContent(copy, fixture)
    compareFamilies(shownByRocksDB(program, copy, fixture), fixture.expected!)
    await checkContent(copy, fixture)
  } finally {
    await rm(parent, { recursive: true })
  }
}

function shownByRocksDB(
  program: string,
  path: string,
  fixture: FixtureDescription,
): Map<string, ExpectedPairs> {
  const specs = fixture.columnFamilies!.map(
    ({ name, comparator, mergeOperator }) => `${name}:${comparator}:${mergeOperator}`,
  )
  const { status, signal, stdout, stderr } = spawnSync(program, ['show', path, ...specs], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    timeout: 60_000,
  })
  if (status !== 0 || stderr !== '')
    throw new Error(`RocksDB on what was written here: ${signal ?? status} ${stderr}`)
  return new Map(Object.entries(JSON.parse(stdout) as Record<string, ExpectedPairs>))
}
