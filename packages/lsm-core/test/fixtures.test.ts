import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { bytewiseComparator, reverseBytewiseComparator } from '@varve/base'
import { sharedFixture } from '@varve/base/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { DB, type ColumnFamilyOptions, type WalRecoveryMode } from '../src/index.ts'

interface Expected {
  readonly count: number
  readonly sha256: string
}

interface Fixture {
  readonly name: string
  readonly kind: string
  readonly walDir?: string
  readonly ttl?: unknown
  readonly needsTransactionDB?: boolean
  readonly columnFamilies: readonly { name: string; comparator: string; mergeOperator: string }[]
  readonly expected?: Readonly<Record<string, Expected>>
  readonly recoveryModes?: Readonly<
    Record<string, { ok: boolean; expected?: Readonly<Record<string, Expected>> }>
  >
}

const root = sharedFixture('fixtures/rocksdb')
const modes: Readonly<Record<string, WalRecoveryMode>> = {
  tolerate: 'tolerateCorruptedTailRecords',
  absolute: 'absoluteConsistency',
  point: 'pointInTime',
  skip: 'skipAnyCorruptedRecords',
}

function familiesOf(fixture: Fixture): Record<string, ColumnFamilyOptions> {
  return Object.fromEntries(
    fixture.columnFamilies.map(({ name, comparator, mergeOperator }) => [
      name,
      {
        comparator: comparator === 'reverse' ? reverseBytewiseComparator : bytewiseComparator,
        ...(mergeOperator === 'none' ? {} : { mergeOperator }),
        ...(fixture.ttl === undefined ? {} : { ttlSeconds: 0 }),
      },
    ]),
  )
}

function summarize(db: DB, reverse: boolean): Record<string, Expected> {
  const result: Record<string, Expected> = {}
  for (const cf of db.columnFamilies) {
    const hash = createHash('sha256')
    const pairs: Uint8Array[] = []
    let count = 0
    using cursor = db.cursor({ cf })
    if (reverse) cursor.seekToLast()
    else cursor.seekToFirst()
    while (cursor.valid) {
      const { key, value } = cursor
      const pair = Buffer.alloc(8 + key.length + value.length)
      pair.writeUInt32LE(key.length, 0)
      pair.set(key, 4)
      pair.writeUInt32LE(value.length, 4 + key.length)
      pair.set(value, 8 + key.length)
      if (!reverse && count % 50 === 0) {
        expect(Buffer.compare(db.getSync(key, { cf })!, value)).toBe(0)
      }
      pairs.push(pair)
      count++
      if (reverse) cursor.prev()
      else cursor.next()
    }
    if (reverse) pairs.reverse()
    for (const pair of pairs) hash.update(pair)
    result[cf.name] = { count, sha256: hash.digest('hex') }
  }
  return result
}

function pick(expected: Readonly<Record<string, Expected>>): Record<string, Expected> {
  return Object.fromEntries(
    Object.entries(expected).map(([name, { count, sha256 }]) => [name, { count, sha256 }]),
  )
}

describe.skipIf(root === undefined)('databases made by RocksDB', () => {
  let work: string
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'varve-fixtures-'))
  })
  afterAll(() => {
    rmSync(work, { recursive: true, force: true })
  })

  const fixtures = (root === undefined ? [] : readdirSync(root))
    .filter((name) => name.startsWith('db-') && name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(root!, name), 'utf8')) as Fixture)

  const copy = (fixture: Fixture, suffix: string): string => {
    const path = join(work, `${fixture.name}-${suffix}`)
    cpSync(join(root!, fixture.name), path, { recursive: true })
    return path
  }

  // Blob files are read, and not written: refused by name.
  const onlyRead = new Set(['db-blob'])
  const readable = fixtures.filter(
    ({ name, kind, expected }) =>
      expected !== undefined && kind.startsWith('db') && !onlyRead.has(name),
  )

  for (const fixture of readable) {
    it(`${fixture.name}: read-only, and again after opening for writing`, async () => {
      const path = copy(fixture, 'rw')
      const columnFamilies = familiesOf(fixture)
      const expected = pick(fixture.expected!)
      const walDirectory = fixture.walDir === undefined ? {} : { walDirectory: fixture.walDir }
      {
        await using db = await DB.openReadOnly(path, { columnFamilies, ...walDirectory })
        expect(summarize(db, false)).toEqual(expected)
        expect(summarize(db, true)).toEqual(expected)
      }
      {
        await using db = await DB.open(path, {
          columnFamilies,
          background: 'inline',
          ...walDirectory,
        })
        expect(summarize(db, false)).toEqual(expected)
        for (const cf of db.columnFamilies) await db.compactRange({ cf })
        expect(summarize(db, false)).toEqual(expected)
      }
    })
  }

  for (const fixture of fixtures.filter(({ name }) => onlyRead.has(name))) {
    it(`${fixture.name}: read-only, and refused for writing`, async () => {
      const path = copy(fixture, 'ro')
      const columnFamilies = familiesOf(fixture)
      await using db = await DB.openReadOnly(path, { columnFamilies })
      expect(summarize(db, false)).toEqual(pick(fixture.expected!))
      expect(summarize(db, true)).toEqual(pick(fixture.expected!))
      await expect(DB.open(path, { columnFamilies })).rejects.toMatchObject({
        code: 'VARVE_UNSUPPORTED',
      })
    })
  }

  for (const fixture of fixtures.filter(({ recoveryModes }) => recoveryModes !== undefined)) {
    for (const [mode, outcome] of Object.entries(fixture.recoveryModes!)) {
      it(`${fixture.name}: recovery mode ${mode}`, async () => {
        const opening = DB.open(copy(fixture, mode), {
          columnFamilies: familiesOf(fixture),
          walRecoveryMode: modes[mode]!,
          background: 'inline',
        })
        if (!outcome.ok) {
          await expect(opening).rejects.toMatchObject({ code: 'VARVE_CORRUPTION' })
          return
        }
        await using db = await opening
        expect(summarize(db, false)).toEqual(pick(outcome.expected!))
      })
    }
  }
})
