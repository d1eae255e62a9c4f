import { userKeyOf, valueTypeOf, ValueType } from '@varve/base'
import { createPointResult, TableReader } from '@varve/sst-format'
import { nodeFileSystem } from '@varve/vfs'

import { comparatorOf } from './comparator-of.ts'
import type { ExpectedPairs, TableDescription } from './fixture.ts'
import { comparePairs, PairHash } from './pair-hash.ts'

/** Reads a loose table: every entry, every key looked up, every block checked. @throws Error when it differs */
export async function checkTable(path: string, description: TableDescription): Promise<void> {
  if (description.expect === 'error') {
    await expectFailure(() => readTable(path, description))
    return
  }
  comparePairs(await readTable(path, description), description.expected!, 'table')
}

/** @throws Error when `action` does not fail */
export async function expectFailure(action: () => Promise<unknown>): Promise<void> {
  try {
    await action()
  } catch {
    return
  }
  throw new Error('read without an error, though the files are damaged')
}

async function readTable(path: string, description: TableDescription): Promise<ExpectedPairs> {
  await using table = await TableReader.open(nodeFileSystem, path, {
    comparator: comparatorOf(description.comparator),
  })
  const hash = new PairHash()
  const result = createPointResult()
  for (const { key, value } of table.entries()) {
    if (!table.getSync(key, result)) throw new Error('a key of the table is not found')
    const type = valueTypeOf(key)
    if (type === ValueType.Value || type === ValueType.Merge) hash.add(userKeyOf(key), value)
  }
  await table.verify()
  return hash.finish()
}
