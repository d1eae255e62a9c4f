import {
  bytewiseComparator,
  compareByteRanges,
  headAt,
  type InternalKeyComparator,
} from '@varve/base'

import type { IndexEntries } from './index-block.ts'
import { entriesPerSample, signBit } from './index-heads.ts'

/** Words of a head in a cache line. */
const headsPerCacheLine = 16

/**
 * Hot. First entry whose separator is at or after the internal key `target`; `entries.count` when there is none.
 *
 * With user-key separators only the user keys are compared: equal counts as "at", since all versions of a key that ends a
 * block are in that block.
 */
export function searchIndex(
  entries: IndexEntries,
  target: Uint8Array,
  comparator: InternalKeyComparator,
  keyIsUserKey: boolean,
): number {
  if (comparator.user === bytewiseComparator) return searchBytewise(entries, target, keyIsUserKey)
  const { keys, keyEnds } = entries
  const userTarget = target.subarray(0, target.length - 8)
  let low = 0
  let high = entries.count
  while (low < high) {
    const middle = (low + high) >>> 1
    const key = keys.subarray(middle === 0 ? 0 : keyEnds[middle - 1]!, keyEnds[middle]!)
    const order = keyIsUserKey
      ? comparator.user.compare(key, userTarget)
      : comparator.compare(key, target)
    if (order < 0) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The search by bytes: what all separators begin with is compared once, the eight bytes behind it as two numbers, first among
 * samples of them, and whole separators only where these are equal. So a bisection touches a few cache lines.
 */
function searchBytewise(entries: IndexEntries, target: Uint8Array, keyIsUserKey: boolean): number {
  return endSearch(entries, target, keyIsUserKey, beginSearch(entries, target, keyIsUserKey))
}

/** The target lies before all separators, or behind them. */
const beforeAll = -1
const behindAll = -2

/** Hot. The first half of {@link searchIndex} by bytes, for {@link endSearch}: how many samples are below the target, or less than 0. */
export function beginSearch(
  entries: IndexEntries,
  target: Uint8Array,
  keyIsUserKey: boolean,
): number {
  if (entries.count === 0) return behindAll
  const { keys } = entries
  const targetEnd = target.length - 8
  const { commonLength, samples } = entries.search(keyIsUserKey)
  for (let i = 0; i < commonLength; i++) {
    // The target's end is below any byte.
    const order = i < targetEnd ? keys[i]! - target[i]! : 1
    if (order !== 0) return order > 0 ? beforeAll : behindAll
  }
  const head = headAt(target, commonLength, targetEnd) ^ signBit
  let low = 0
  let high = samples.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (samples[middle]! < head) low = middle + 1
    else high = middle
  }
  return low
}

/** Hot. Reads what {@link endSearch} bisects, all at once instead of one after the other; the result says nothing. */
export function touchSearch(
  entries: IndexEntries,
  keyIsUserKey: boolean,
  samplesBelow: number,
): number {
  const { heads } = entries.search(keyIsUserKey)
  const start = samplesBelow <= 0 ? 0 : (samplesBelow - 1) * entriesPerSample * 2
  const end = Math.min(start + entriesPerSample * 2, heads.length)
  let touched = 0
  for (let i = start; i < end; i += headsPerCacheLine) touched ^= heads[i]!
  return touched
}

/** Hot. The second half. */
export function endSearch(
  entries: IndexEntries,
  target: Uint8Array,
  keyIsUserKey: boolean,
  samplesBelow: number,
): number {
  const { keys, keyEnds, count } = entries
  if (samplesBelow < 0) return samplesBelow === beforeAll ? 0 : count
  const targetEnd = target.length - 8
  const { commonLength, heads, samples } = entries.search(keyIsUserKey)
  const head = headAt(target, commonLength, targetEnd) ^ signBit
  const tail = headAt(target, commonLength + 4, targetEnd) ^ signBit
  // Samples that are below the target: so is all that is before the last of them.
  let low = samplesBelow === 0 ? 0 : (samplesBelow - 1) * entriesPerSample
  let high = count
  let step = entriesPerSample
  if (samplesBelow < samples.length && samples[samplesBelow]! > head) {
    high = samplesBelow * entriesPerSample
  } else {
    while (low + step < count && isBelow(heads, low + step, head, tail)) {
      low += step
      step *= 2
    }
    if (low + step < count) high = low + step
  }
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBelow(heads, middle, head, tail)) low = middle + 1
    else high = middle
  }
  // Entries from `low` on have these eight bytes or greater ones; those with these are compared as a whole.
  high = low
  step = 1
  while (high < count && heads[high * 2] === head && heads[high * 2 + 1] === tail) {
    high = Math.min(count, low + step)
    step *= 2
  }
  while (low < high) {
    const middle = (low + high) >>> 1
    const start = middle === 0 ? 0 : keyEnds[middle - 1]!
    const end = keyIsUserKey ? keyEnds[middle]! : keyEnds[middle]! - 8
    let order = compareByteRanges(keys, start, end, target, 0, targetEnd)
    // Trailers descend: the newer one first.
    if (order === 0 && !keyIsUserKey)
      for (let i = 7; i >= 0 && order === 0; i--) order = target[targetEnd + i]! - keys[end + i]!
    if (order < 0) low = middle + 1
    else high = middle
  }
  return low
}

function isBelow(heads: Int32Array, i: number, head: number, tail: number): boolean {
  const value = heads[i * 2]!
  return value < head || (value === head && heads[i * 2 + 1]! < tail)
}
