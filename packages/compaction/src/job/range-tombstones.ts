import {
  bytewiseComparator,
  concatBytes,
  reverseBytewiseComparator,
  sequenceOf,
  sequenceSentinel,
  userKeyOf,
  type Comparator,
} from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import {
  clipRangeTombstones,
  type FragmentedRangeTombstones,
  type RangeTombstone,
} from '@varve/sst-format'

/** How many bytes 255 stand for all of them, in {@link keyAfter}. */
const manyBytes = 64

/**
 * The tombstones of a table within the bounds the MANIFEST gives it. An upper bound made by a tombstone is exclusive. One
 * made by an entry includes the entry's user key; a tombstone may reach beyond it where versions of that key go on in the next table, or
 * where RocksDB imported the table into another family and looked at its entries alone.
 */
export function tombstonesWithinFile(
  tombstones: readonly RangeTombstone[],
  file: FileMetadata,
  comparator: Comparator,
): RangeTombstone[] {
  if (tombstones.length === 0) return []
  const largest = userKeyOf(file.largest)
  const isExclusive = sequenceOf(file.largest) === sequenceSentinel
  return clipRangeTombstones(
    tombstones,
    userKeyOf(file.smallest),
    isExclusive ? largest : keyAfter(largest, comparator),
    comparator,
  )
}

/**
 * A bound right behind `key`; undefined in an order that is not known. In the reverse order most keys have none that is exact: keys that
 * begin with the bound are taken to be nobody's.
 */
function keyAfter(key: Uint8Array, comparator: Comparator): Uint8Array | undefined {
  if (comparator === bytewiseComparator) return concatBytes(key, Uint8Array.of(0))
  if (comparator !== reverseBytewiseComparator || key.length === 0) return undefined
  const prefix = key.slice(0, -1)
  const last = key[key.length - 1]!
  if (last === 0) return prefix
  return concatBytes(prefix, Uint8Array.of(last - 1), new Uint8Array(manyBytes).fill(255))
}

/**
 * The tombstones that must be written again: of each span and snapshot stripe the newest, and at the bottommost level only
 * those that some snapshot does not see. Ordered by start ascending, sequence descending, as a table wants them.
 */
export function survivingTombstones(
  fragmented: FragmentedRangeTombstones,
  snapshots: readonly number[],
  bottommost: boolean,
): RangeTombstone[] {
  const earliest = snapshots[0] ?? Number.POSITIVE_INFINITY
  const stripe = (sequence: number): number =>
    snapshots.find((snapshot) => sequence <= snapshot) ?? Number.POSITIVE_INFINITY
  const surviving: RangeTombstone[] = []
  for (const { start, end, sequences } of fragmented.fragments) {
    let last: number | undefined
    for (const sequence of sequences) {
      const at = stripe(sequence)
      if (at === last) continue
      last = at
      if (bottommost && sequence <= earliest) continue
      surviving.push({ start, end, sequence })
    }
  }
  return surviving
}
