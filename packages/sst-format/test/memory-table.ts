import { encodeInternalKey, utf8Bytes, ValueType, type Comparator } from '@varve/base'
import { MemoryFileSystem, type FileSystem, type WritableFile } from '@varve/vfs'

import {
  TableBuilder,
  type RangeTombstone,
  type TableOptions,
  type TableSummary,
} from '../src/index.ts'

/** An internal entry for a test. */
export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** `put('a', 3, 'x')` is version 3 of `a`. */
export function put(userKey: string, sequence: number, value: string): Entry {
  return {
    key: encodeInternalKey(utf8Bytes(userKey), sequence, ValueType.Value),
    value: utf8Bytes(value),
  }
}

/** Writes a table with the entries, which are in order. */
export async function writeTable(
  fs: FileSystem,
  path: string,
  comparator: Comparator,
  entries: readonly Entry[],
  options: TableOptions = {},
  tombstones: readonly RangeTombstone[] = [],
): Promise<TableSummary> {
  await using file = disposable(await fs.openWritable(path))
  const builder = new TableBuilder(
    file,
    {
      comparator,
      columnFamilyId: 0,
      columnFamilyName: 'default',
      fileNumber: 8,
      dbId: 'e33c03ec-9237-45ea-afc8-bf45535cc77e',
      sessionId: 'WMYST4YAW37AYIXQCVU5',
      creationTimeS: 1_700_000_000,
      fileCreationTimeS: 1_700_000_001,
    },
    options,
  )
  for (const { key, value } of entries) builder.add(key, value)
  for (const tombstone of tombstones) builder.addRangeTombstone(tombstone)
  const summary = builder.finish()
  await file.sync()
  return summary
}

function disposable(file: WritableFile): WritableFile & AsyncDisposable {
  return Object.assign(file, { [Symbol.asyncDispose]: () => file.close() })
}

/** A file system in memory with one directory `/db`. */
export async function createMemoryDirectory(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem()
  await fs.mkdir('/db')
  return fs
}
