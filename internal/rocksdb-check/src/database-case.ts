import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { UnsupportedError } from '@varve/base'
import {
  DB,
  restoreBackup,
  verifyBackup,
  type ColumnFamilyHandle,
  type ColumnFamilyOptions,
  type WalRecoveryMode,
} from '@varve/lsm-core'

import { comparatorOf } from './comparator-of.ts'
import type { ExpectedPairs, FixtureDescription, RecoveryDescription } from './fixture.ts'
import { comparePairs, PairHash } from './pair-hash.ts'
import { expectFailure } from './table-case.ts'

const recoveryModes: Readonly<Record<string, WalRecoveryMode>> = {
  tolerate: 'tolerateCorruptedTailRecords',
  absolute: 'absoluteConsistency',
  point: 'pointInTime',
  skip: 'skipAnyCorruptedRecords',
}

/** Opens the database for reading and compares every family. @throws Error when one differs */
export async function checkContent(path: string, fixture: FixtureDescription): Promise<void> {
  let families
  try {
    families = await readFamilies(path, fixture, undefined)
  } catch (error) {
    if (fixture.mayBeRefused === true && error instanceof UnsupportedError) return
    throw error
  }
  compareFamilies(families, fixture.expected!)
}

/** The same in one recovery mode, which may have to fail. */
export async function checkRecovery(
  path: string,
  fixture: FixtureDescription,
  mode: string,
  description: RecoveryDescription,
): Promise<void> {
  const read = (): Promise<Map<string, ExpectedPairs>> =>
    readFamilies(path, fixture, recoveryModes[mode])
  if (description.ok) compareFamilies(await read(), description.expected!)
  else await expectFailure(read)
}

/** Restores the newest backup, and all others whose content is known, and compares every family. */
export async function checkBackup(path: string, fixture: FixtureDescription): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'rocksdb-check-'))
  try {
    await restoreBackup(path, join(parent, 'db'))
    await checkContent(join(parent, 'db'), fixture)
    for (const [id, expected] of Object.entries(fixture.byBackup ?? {})) {
      await verifyBackup(path, { id: Number(id) })
      await restoreBackup(path, join(parent, id), { id: Number(id) })
      await checkContent(join(parent, id), { ...fixture, expected })
    }
  } finally {
    await rm(parent, { recursive: true })
  }
}

/** Opening or reading must fail. */
export async function checkBroken(path: string, fixture: FixtureDescription): Promise<void> {
  await expectFailure(() => readFamilies(path, fixture, undefined))
}

/** Opening or reading must fail by the name of what is not supported, and not as damage. */
export async function checkUnsupported(path: string, fixture: FixtureDescription): Promise<void> {
  try {
    await readFamilies(path, fixture, undefined)
  } catch (error) {
    if (error instanceof UnsupportedError && error.message.includes(fixture.refusal!)) return
    throw error
  }
  throw new Error(`read, though what is in it is not supported: ${fixture.refusal}`)
}

/** @throws Error when a family is missing or differs */
export function compareFamilies(
  actual: ReadonlyMap<string, ExpectedPairs>,
  expected: Readonly<Record<string, ExpectedPairs>>,
): void {
  for (const [name, pairs] of Object.entries(expected)) {
    const found = actual.get(name)
    if (found === undefined) throw new Error(`family "${name}" is missing`)
    comparePairs(found, pairs, `family "${name}"`)
  }
}

/** How many places of a family a cursor is sent to. */
const seeks = 50

/** Cursors must show the same keys backward, and the neighbours of a key from it in both directions. */
function checkCursor(db: DB, cf: ColumnFamilyHandle, keys: readonly Uint8Array[]): void {
  using cursor = db.cursor({ cf })
  const expectAt = (index: number, what: string): void => {
    const key = keys[index]
    const isThere =
      key === undefined ? !cursor.valid : cursor.valid && Buffer.compare(cursor.key, key) === 0
    if (!isThere) throw new Error(`family "${cf.name}": ${what} of key ${index} of ${keys.length}`)
  }
  cursor.seekToLast()
  for (let i = keys.length - 1; i >= 0; i--, cursor.prev()) expectAt(i, 'the way back')
  expectAt(-1, 'the way back')
  for (let i = 0; i < keys.length; i += 1 + Math.floor(keys.length / seeks)) {
    cursor.seek(keys[i]!)
    expectAt(i, 'seek')
    cursor.next()
    expectAt(i + 1, 'next after seek')
    cursor.seekForPrev(keys[i]!)
    expectAt(i, 'seekForPrev')
    cursor.prev()
    expectAt(i - 1, 'prev after seekForPrev')
  }
}

/** Keys beside those that are there are absent, and looking up many at once says the same as one after the other. */
async function checkLookUps(
  db: DB,
  cf: ColumnFamilyHandle,
  keys: readonly Uint8Array[],
): Promise<void> {
  const there = new Set(keys.map((key) => Buffer.from(key).toString('hex')))
  const beside: Uint8Array[] = []
  for (let i = 0; i < keys.length; i += 1 + Math.floor(keys.length / seeks)) {
    const key = Buffer.from(keys[i]!)
    const other = Buffer.from(key)
    if (other.length > 0) other[other.length - 1]! ^= 1
    beside.push(key, other, Buffer.concat([key, Buffer.of(0)]), key.subarray(0, -1))
  }
  const values = await db.multiGet(beside, { cf })
  for (const [i, key] of beside.entries()) {
    const one = db.getSync(key, { cf })
    const many = values[i]
    const isThere = there.has(Buffer.from(key).toString('hex'))
    const differs =
      (one === undefined) !== (many === undefined) ||
      (one !== undefined && many !== undefined && Buffer.compare(one, many) !== 0)
    if (differs || isThere !== (one !== undefined))
      throw new Error(`family "${cf.name}": look-up of a key that is ${isThere ? '' : 'not '}there`)
  }
}

/** What the families of a database must be opened with. */
export function familyOptions(fixture: FixtureDescription): Record<string, ColumnFamilyOptions> {
  const columnFamilies: Record<string, ColumnFamilyOptions> = {}
  for (const { name, comparator, mergeOperator } of fixture.columnFamilies ?? []) {
    columnFamilies[name] = {
      ...(comparator === 'stored' ? {} : { comparator: comparatorOf(comparator) }),
      ...(mergeOperator === 'none' ? {} : { mergeOperator }),
      ...(fixture.ttl === undefined ? {} : { ttlSeconds: 0 }),
    }
  }
  return columnFamilies
}

async function readFamilies(
  path: string,
  fixture: FixtureDescription,
  walRecoveryMode: WalRecoveryMode | undefined,
): Promise<Map<string, ExpectedPairs>> {
  const columnFamilies = familyOptions(fixture)
  const db = await DB.openReadOnly(path, {
    columnFamilies,
    ...(fixture.walDir === undefined ? {} : { walDirectory: fixture.walDir }),
    ...(walRecoveryMode === undefined ? {} : { walRecoveryMode }),
  })
  try {
    const families = new Map<string, ExpectedPairs>()
    for (const cf of db.columnFamilies) {
      const hash = new PairHash()
      const keys: Uint8Array[] = []
      for await (const [key, value] of db.range({ cf })) {
        const looked = db.getSync(key, { cf })
        if (looked === undefined || Buffer.compare(looked, value) !== 0) {
          throw new Error(`family "${cf.name}": a key of the scan reads differently`)
        }
        hash.add(key, value)
        keys.push(key)
      }
      checkCursor(db, cf, keys)
      await checkLookUps(db, cf, keys)
      families.set(cf.name, hash.finish())
    }
    return families
  } finally {
    await db.close()
  }
}
