import type { ColumnFamilyHandle, DB, Snapshot } from '@varve/lsm-core'

import type { Content, FamilyModel } from './content.ts'
import { knownKeys } from './changes.ts'
import { bytesOf, textOf } from './latin1.ts'

/**
 * All pairs of a family, read forwards, backwards and key by key.
 *
 * @throws Error when the three do not agree, or the order is not the family's
 */
export function readContent(
  db: DB,
  cf: ColumnFamilyHandle,
  { reverse }: FamilyModel,
  snapshot?: Snapshot,
): Content {
  const content = new Map<string, string>()
  const options = { cf, snapshot }
  using cursor = db.cursor(options)
  let before: string | undefined
  for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
    const key = textOf(cursor.key)
    if (before !== undefined && (reverse ? key >= before : key <= before))
      throw new Error(`keys of family "${cf.name}" are out of order at ${JSON.stringify(key)}`)
    content.set(key, textOf(cursor.value))
    before = key
  }
  let left = content.size
  for (cursor.seekToLast(); cursor.valid; cursor.prev()) {
    left--
    if (content.get(textOf(cursor.key)) !== textOf(cursor.value))
      throw new Error(
        `family "${cf.name}" reads differently backwards at ${JSON.stringify(textOf(cursor.key))}`,
      )
  }
  if (left !== 0) throw new Error(`family "${cf.name}" has ${left} pairs fewer backwards`)
  for (const key of new Set([...content.keys(), ...knownKeys])) {
    const value = db.getSync(bytesOf(key), options)
    if ((value === undefined ? undefined : textOf(value)) !== content.get(key))
      throw new Error(`family "${cf.name}": get of ${JSON.stringify(key)} differs from the cursor`)
  }
  return content
}
