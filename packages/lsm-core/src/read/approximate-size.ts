import {
  encodeInternalKey,
  sequenceSentinel,
  toBytes,
  valueTypeForSeek,
  type Comparator,
} from '@varve/base'
import type { FileMetadata } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'

/** A range of user keys, `gte` inclusive, `lt` exclusive; a bound that is absent lies at the end. */
export interface KeyRange {
  readonly gte?: string | Uint8Array | undefined
  readonly lt?: string | Uint8Array | undefined
}

/** About the bytes of a range in tables: whole tables that lie within, parts of the others by their index. */
export function approximateSizeOf(family: ColumnFamily, { gte, lt }: KeyRange): number {
  const begin = gte === undefined ? undefined : toBytes(gte)
  const end = lt === undefined ? undefined : toBytes(lt)
  const user = family.comparator.user
  if (begin !== undefined && end !== undefined && user.compare(begin, end) >= 0) return 0
  let bytes = 0
  for (const { file } of family.superVersion.version.files()) {
    const from = begin === undefined ? 0 : offsetIn(family, file, begin, user)
    const to = end === undefined ? file.fileSizeBytes : offsetIn(family, file, end, user)
    bytes += Math.max(0, to - from)
  }
  return bytes
}

function offsetIn(
  family: ColumnFamily,
  file: FileMetadata,
  key: Uint8Array,
  user: Comparator,
): number {
  if (user.compare(key, file.smallest.subarray(0, file.smallest.length - 8)) <= 0) return 0
  if (user.compare(key, file.largest.subarray(0, file.largest.length - 8)) > 0)
    return file.fileSizeBytes
  const { reader } = family.lookup.tables.open(file, user)
  return reader.approximateOffsetOf(encodeInternalKey(key, sequenceSentinel, valueTypeForSeek))
}
