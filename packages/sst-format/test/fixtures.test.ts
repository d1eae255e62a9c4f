import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import {
  bytewiseComparator,
  reverseBytewiseComparator,
  userKeyOf,
  valueTypeOf,
  ValueType,
  writeFixed32,
} from '@varve/base'
import { assertNoOpenResources, sharedFixture } from '@varve/base/testing'
import { nodeFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, test } from 'vitest'

import { computeUniqueId, createPointResult, TableReader } from '../src/index.ts'

interface TableFixture {
  readonly file: string
  readonly note: string
  readonly comparator: string
  readonly expect?: 'error'
  readonly expected?: { readonly count: number; readonly sha256: string }
}

const root = sharedFixture('fixtures/rocksdb')

afterEach(assertNoOpenResources)

describe.skipIf(root === undefined)('tables made by RocksDB', () => {
  const names = root === undefined ? [] : readdirSync(root)
  for (const name of names.filter((n) => n.startsWith('sst-') && n.endsWith('.json'))) {
    const fixture = JSON.parse(readFileSync(join(root!, name), 'utf8')) as {
      name: string
      files: TableFixture[]
    }
    for (const table of fixture.files) {
      test(`${fixture.name}/${table.file}: ${table.note}`, async () => {
        const path = join(root!, fixture.name, table.file)
        if (table.expect === 'error') {
          await expect(readAll(path, table)).rejects.toThrow()
          return
        }
        expect(await readAll(path, table)).toEqual({
          count: table.expected!.count,
          sha256: table.expected!.sha256,
        })
      })
    }
  }
})

/** Counts and hashes the visible pairs; looks every key up on the way. */
async function readAll(
  path: string,
  fixture: TableFixture,
): Promise<{ count: number; sha256: string }> {
  await using table = await TableReader.open(nodeFileSystem, path, {
    comparator: fixture.comparator === 'reverse' ? reverseBytewiseComparator : bytewiseComparator,
  })
  const hash = createHash('sha256')
  const length = new Uint8Array(4)
  const result = createPointResult()
  let count = 0
  for (const { key, value } of table.entries()) {
    expect(table.getSync(key, result)).toBe(true)
    expect(result.value).toEqual(value)
    expect(table.mayMatch(userKeyOf(key))).toBe(true)
    const type = valueTypeOf(key)
    if (type !== ValueType.Value && type !== ValueType.Merge) continue
    count++
    for (const part of [userKeyOf(key), value]) {
      writeFixed32(length, 0, part.length)
      hash.update(length).update(part)
    }
  }
  await table.verify()
  return { count, sha256: hash.digest('hex') }
}

test('the unique id is RocksDB’s for the same identities', () => {
  const id = computeUniqueId('e33c03ec-9237-45ea-afc8-bf45535cc77e', 'WMYST4YAW37AYIXQCVU5', 8)
  expect(Buffer.from(id!).toString('hex')).toBe('2d4a3c3238429dba0ae6d87c8c6f2c49')
})
