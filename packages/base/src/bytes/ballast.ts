import { getHeapSpaceStatistics } from 'node:v8'

/** From here on an array is little in V8's heap beside what it is outside of it. */
const fromBytes = 1024
/** Larger ones cost more to copy than what is said of {@link addBallast}. */
const toBytes = 64 * 1024
/** V8 marks its whole heap when arrays took so much outside of it, and none of that was given back. */
const markedAfterBytes = 64 << 20
/** The ballast of arrays that take so much fills the young generation so many times. */
const surplus = 1.25
/** A heap of less than this part of the young generation is marked sooner than that is filled. */
const smallHeap = 1 / 4
/** The young generation grows now and then. */
const measuredEveryBytes = 8 << 20

let wordsFor64Bytes = 0
let untilMeasuredBytes = 0
const ballast: { last: readonly unknown[] } = { last: [] }

/**
 * Makes garbage that goes with an array of `length` bytes, if it is a larger one. V8 marks the whole heap, all cached blocks of it,
 * whenever 64 MiB of memory of arrays were taken since the last time, be they long forgotten, unless it has collected the young generation
 * by then, which gives that memory back, too, in a hundredth of the time. That it does when the young generation is full, and larger
 * arrays alone do not fill it: a megabyte at first, 64 once much has survived.
 */
export function addBallast(length: number): void {
  if (length < fromBytes || length > toBytes) return
  untilMeasuredBytes -= length
  if (untilMeasuredBytes < 0) {
    untilMeasuredBytes = measuredEveryBytes
    const youngBytes = spaceBytes('new_space')
    wordsFor64Bytes =
      spaceBytes('old_space') < youngBytes * smallHeap
        ? 0
        : Math.ceil((youngBytes * surplus * 8) / markedAfterBytes)
  }
  if (wordsFor64Bytes > 0) ballast.last = new Array<unknown>((length * wordsFor64Bytes) >> 6)
}

/** What is and what fits in a space of this thread's heap; a few microseconds. */
function spaceBytes(name: string): number {
  for (const space of getHeapSpaceStatistics())
    if (space.space_name === name) return space.space_used_size + space.space_available_size
  return 0
}
