import { createHash } from 'node:crypto'
import { basename } from 'node:path'

import { formatHex, InternalKeyComparator, sequenceOf, userKeyOf, valueTypeOf } from '@varve/base'
import { readManifest, tableFileName, type ManifestState } from '@varve/manifest'
import { TableReader } from '@varve/sst-format'
import { nodeFileSystem } from '@varve/vfs'

import { comparatorOf } from './comparator-of.ts'
import type { FileDescription, FixtureDescription } from './fixture.ts'

/** Digits of a key that a description shows at most. */
const SHOWN_KEY_DIGITS = 120

function upperHex(bytes: Uint8Array): string {
  return formatHex(bytes).toUpperCase()
}

/** Hexadecimal digits as the descriptions have them, which cut long keys. */
function shownKey(key: Uint8Array): string {
  return upperHex(key).slice(0, SHOWN_KEY_DIGITS)
}

/** Tables of every family as the MANIFEST lists them, compared with those RocksDB lists. @throws Error when they differ */
export async function checkFiles(path: string, fixture: FixtureDescription): Promise<void> {
  const state = await readManifest(nodeFileSystem, path)
  const actual = new Map<string, string>()
  for (const family of state.columnFamilies) {
    family.levels.forEach((files, level) => {
      for (const file of files) {
        actual.set(
          tableFileName(file.number),
          [
            family.name,
            level,
            file.fileSizeBytes,
            file.smallestSequence,
            file.largestSequence,
            shownKey(userKeyOf(file.smallest)),
            shownKey(userKeyOf(file.largest)),
          ].join(' '),
        )
      }
    })
  }
  // Where RocksDB had to open for writing to list its tables, those it made then are not in the fixture.
  const expected = (fixture.files as readonly FileDescription[]).filter(
    (file) => fixture.directory?.includes(basename(file.name)) ?? true,
  )
  for (const file of expected) {
    const name = basename(file.name)
    const line = [
      file.columnFamily,
      file.level,
      file.size,
      file.smallestSequence,
      file.largestSequence,
      file.smallestUserKey,
      file.largestUserKey,
    ].join(' ')
    if (actual.get(name) !== line) {
      throw new Error(`table ${name}: "${actual.get(name) ?? 'missing'}", expected "${line}"`)
    }
  }
  if (actual.size !== expected.length) {
    throw new Error(`${actual.size} tables, expected ${expected.length}`)
  }
}

/** Every stored version in internal-key order, hashed as lines. @throws Error when they differ */
export async function checkInternalEntries(
  path: string,
  fixture: FixtureDescription,
): Promise<void> {
  const state: ManifestState = await readManifest(nodeFileSystem, path)
  const isReverse = fixture.columnFamilies?.[0]?.comparator === 'reverse'
  const comparator = comparatorOf(isReverse ? 'reverse' : 'bytewise')
  const entries: { key: Uint8Array; value: Uint8Array }[] = []
  for (const { levels } of state.columnFamilies) {
    for (const file of levels.flat()) {
      const name = `${path}/${tableFileName(file.number)}`
      await using table = await TableReader.open(nodeFileSystem, name, { comparator })
      entries.push(...table.entries())
    }
  }
  const order = new InternalKeyComparator(comparator)
  entries.sort((a, b) => order.compare(a.key, b.key))
  const hash = createHash('sha256')
  for (const { key, value } of entries) {
    const line = [upperHex(userKeyOf(key)), sequenceOf(key), valueTypeOf(key), upperHex(value)]
    hash.update(`${line.join(',')}\n`)
  }
  const expected = fixture.internalEntries!
  if (entries.length !== expected.count) {
    throw new Error(`${entries.length} versions, expected ${expected.count}`)
  }
  if (hash.digest('hex') !== expected.sha256OfLines) throw new Error('the versions differ')
}
