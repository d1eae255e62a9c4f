import type { ProducerStateTable } from './producer-state.ts'
import type { Segment } from './segment.ts'

/** A transaction marker to write. */
export interface MarkerToAppend {
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  readonly coordinatorEpoch: number
}

/** A marker as it lies in the log. */
interface WrittenMarker extends MarkerToAppend {
  readonly offset: number
  readonly timestampMs: number
}

/** Brings producers' state and the transaction index up to date with a marker; the same on append and on recovery. */
export function noteMarker(
  log: { readonly producers: ProducerStateTable; readonly segment: Segment },
  marker: WrittenMarker,
): void {
  const completed = log.producers.noteMarker(marker)
  if (completed === undefined || completed.committed) return
  log.segment.aborted.push({
    producerId: completed.producerId,
    firstOffset: completed.firstOffset,
    lastOffset: completed.lastOffset,
    lastStableOffset: log.producers.firstUnstableOffset ?? marker.offset + 1,
  })
}
