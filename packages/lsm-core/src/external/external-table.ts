import {
  encodeInternalKey,
  InvalidOptionError,
  sequenceSentinel,
  userKeyOf,
  ValueType,
  valueTypeOf,
  type Comparator,
} from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import { TableReader } from '@varve/sst-format'
import type { FileSystem } from '@varve/vfs'

/** A bound of a table without its sequence number, which comes with the ingestion. */
interface Bound {
  readonly userKey: Uint8Array
  readonly type: number
  /** The end of a range delete: nothing of the key itself is in the table. */
  readonly exclusive: boolean
}

/** A table that was made outside a database. */
export interface ExternalTable {
  readonly path: string
  readonly smallest: Bound
  readonly largest: Bound
  readonly metadata: Omit<
    FileMetadata,
    'number' | 'smallest' | 'largest' | 'smallestSequence' | 'largestSequence'
  >
}

/**
 * Checks a table that is to be taken in and finds its bounds.
 *
 * @throws CorruptionError when it is damaged
 * @throws InvalidOptionError when it has another order, is not external, or was taken in by a database that wrote into it
 */
export async function readExternalTable(
  fs: FileSystem,
  path: string,
  comparator: Comparator,
  verify: boolean,
): Promise<ExternalTable> {
  await using reader = await TableReader.open(fs, path, { comparator })
  const { properties, uniqueId } = reader
  const refuse = (why: string): InvalidOptionError =>
    new InvalidOptionError('paths', `"${path}" ${why}`)
  if (properties.comparatorName !== comparator.name)
    throw refuse(`is ordered by "${properties.comparatorName}", not "${comparator.name}"`)
  if (properties.externalVersion !== 2) throw refuse('is no table of an SstFileWriter')
  if (properties.externalGlobalSequence !== 0 && properties.externalGlobalSequence !== undefined)
    throw refuse('has a sequence number of the database that took it in')
  if (verify) await reader.verify()
  let smallest: Bound | undefined
  let largest: Bound | undefined
  using iterator = reader.iterator({ fillCache: false })
  iterator.seekToFirst()
  if (iterator.valid) {
    smallest = boundOf(iterator.key)
    iterator.seekToLast()
    largest = boundOf(iterator.key)
  }
  const type = ValueType.RangeDeletion
  for (const { start, end } of reader.rangeTombstones) {
    if (smallest === undefined || comparator.compare(start, smallest.userKey) <= 0)
      smallest = { userKey: start, type, exclusive: false }
    if (largest === undefined || comparator.compare(end, largest.userKey) > 0)
      largest = { userKey: end, type, exclusive: true }
  }
  if (smallest === undefined || largest === undefined) throw refuse('is empty')
  return {
    path,
    smallest,
    largest,
    metadata: {
      fileSizeBytes: reader.fileSizeBytes,
      oldestAncestorTimeS: properties.creationTimeS,
      fileCreationTimeS: properties.fileCreationTimeS,
      entries: properties.entries,
      deletions: properties.deletedKeys,
      ...(uniqueId === undefined ? {} : { uniqueId }),
    },
  }
}

/** What the MANIFEST says about the table under a file number, all entries having `sequence`. */
export function metadataOf(table: ExternalTable, number: number, sequence: number): FileMetadata {
  const { smallest, largest } = table
  return {
    ...table.metadata,
    number,
    smallest: encodeInternalKey(smallest.userKey, sequence, smallest.type),
    largest: encodeInternalKey(
      largest.userKey,
      largest.exclusive ? sequenceSentinel : sequence,
      largest.type,
    ),
    smallestSequence: sequence,
    largestSequence: sequence,
  }
}

function boundOf(key: Uint8Array): Bound {
  return { userKey: new Uint8Array(userKeyOf(key)), type: valueTypeOf(key), exclusive: false }
}
