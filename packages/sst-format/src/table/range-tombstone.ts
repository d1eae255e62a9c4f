import type { Comparator, RangeTombstone } from '@varve/base'

/**
 * The tombstones of a table cut to its bounds `[smallest, largest)` in the MANIFEST: beyond them other tables answer, where
 * the tombstone may already have been applied and dropped.
 *
 * `upper` is exclusive; `undefined` leaves that side open.
 */
export function clipRangeTombstones(
  tombstones: readonly RangeTombstone[],
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
  comparator: Comparator,
): RangeTombstone[] {
  const clipped: RangeTombstone[] = []
  for (const { start, end, sequence } of tombstones) {
    const from = lower !== undefined && comparator.compare(start, lower) < 0 ? lower : start
    const to = upper !== undefined && comparator.compare(end, upper) > 0 ? upper : end
    if (comparator.compare(from, to) < 0) clipped.push({ start: from, end: to, sequence })
  }
  return clipped
}
