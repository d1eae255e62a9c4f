import { sequenceOf, sequenceSentinel, userKeyOf, type Comparator } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import {
  clipRangeTombstones,
  type FragmentedRangeTombstones,
  type RangeTombstone,
} from '@varve/sst-format'

/**
 * The tombstones of a table within the bounds the MANIFEST gives it. An upper bound made by a tombstone is exclusive; one
 * made by an entry needs no cut, since no tombstone then reaches beyond it.
 */
export function tombstonesWithinFile(
  tombstones: readonly RangeTombstone[],
  file: FileMetadata,
  comparator: Comparator,
): RangeTombstone[] {
  const isExclusive = sequenceOf(file.largest) === sequenceSentinel
  return clipRangeTombstones(
    tombstones,
    userKeyOf(file.smallest),
    isExclusive ? userKeyOf(file.largest) : undefined,
    comparator,
  )
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
