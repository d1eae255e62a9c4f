import {
  encodeInternalKey,
  readTrailerSequence,
  sequenceSentinel,
  ValueType,
  type Comparator,
  type InternalKeyComparator,
} from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import { TableReader } from '@varve/sst-format'
import type { FileSystem } from '@varve/vfs'

/** A table that was read from beginning to end. */
export interface ScannedTable {
  readonly file: FileMetadata
  readonly comparatorName: string
  readonly familyId: number | undefined
  readonly familyName: string
  /** Made outside a database. */
  readonly external: boolean
}

/**
 * Reads a whole table, checks it, and finds what a MANIFEST says of it. Undefined when nothing is in it.
 *
 * @throws CorruptionError when it is damaged
 * @throws UnsupportedError when its order is not known
 */
export async function scanTable(
  fs: FileSystem,
  path: string,
  number: number,
  comparatorOf: (familyId: number | undefined, familyName: string) => Comparator | undefined,
  largestSequence: number | undefined,
): Promise<ScannedTable | undefined> {
  const identity = await identityOf(fs, path, largestSequence)
  const comparator = comparatorOf(identity.familyId, identity.familyName)
  await using reader = await TableReader.open(fs, path, {
    ...(comparator === undefined ? {} : { comparator }),
    ...(largestSequence === undefined ? {} : { largestSequence }),
  })
  await reader.verify()
  const order: InternalKeyComparator = reader.comparator
  let smallest: Uint8Array | undefined
  let largest: Uint8Array | undefined
  let least = Number.POSITIVE_INFINITY
  let most = 0
  const see = (sequence: number): void => {
    least = Math.min(least, sequence)
    most = Math.max(most, sequence)
  }
  using iterator = reader.iterator({ fillCache: false, readaheadBytes: 256 * 1024 })
  for (iterator.seekToFirst(); iterator.valid; iterator.next())
    see(readTrailerSequence(iterator.key, iterator.key.length - 8))
  iterator.seekToFirst()
  if (iterator.valid) smallest = new Uint8Array(iterator.key)
  iterator.seekToLast()
  if (iterator.valid) largest = new Uint8Array(iterator.key)
  for (const { start, end, sequence } of reader.rangeTombstones) {
    see(sequence)
    const from = encodeInternalKey(start, sequence, ValueType.RangeDeletion)
    const to = encodeInternalKey(end, sequenceSentinel, ValueType.RangeDeletion)
    if (smallest === undefined || order.compare(from, smallest) < 0) smallest = from
    if (largest === undefined || order.compare(to, largest) > 0) largest = to
  }
  if (smallest === undefined || largest === undefined) return undefined
  const { properties, uniqueId } = reader
  return {
    comparatorName: order.user.name,
    familyId: properties.columnFamilyId,
    familyName: properties.columnFamilyName,
    external: properties.externalVersion !== undefined,
    file: {
      number,
      fileSizeBytes: reader.fileSizeBytes,
      smallest,
      largest,
      smallestSequence: least,
      largestSequence: most,
      oldestAncestorTimeS: properties.creationTimeS,
      fileCreationTimeS: properties.fileCreationTimeS,
      entries: properties.entries,
      deletions: properties.deletedKeys,
      ...(uniqueId === undefined ? {} : { uniqueId }),
    },
  }
}

/** Whose table it is; that is needed to know its order when that is not one by name. */
async function identityOf(
  fs: FileSystem,
  path: string,
  largestSequence: number | undefined,
): Promise<{ readonly familyId: number | undefined; readonly familyName: string }> {
  // Properties do not depend on the order.
  await using reader = await TableReader.open(fs, path, {
    comparator: anyOrder,
    ...(largestSequence === undefined ? {} : { largestSequence }),
  })
  const { columnFamilyId, columnFamilyName } = reader.properties
  return { familyId: columnFamilyId, familyName: columnFamilyName }
}

const anyOrder: Comparator = { name: 'any', compare: () => -1 }
