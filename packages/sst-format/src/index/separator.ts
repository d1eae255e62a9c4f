import { bytewiseComparator, type Comparator } from '@varve/base'

/**
 * A short user key `s` with `last <= s < next`, to stand in an index. For the bytewise order the first differing byte is
 * incremented and the rest cut, when that stays below `next`; else, and for other orders, `last` itself.
 */
export function shortestSeparator(
  comparator: Comparator,
  last: Uint8Array,
  next: Uint8Array,
): Uint8Array {
  if (comparator !== bytewiseComparator) return last
  const limit = Math.min(last.length, next.length)
  let i = 0
  while (i < limit && last[i] === next[i]) i++
  if (i >= limit) return last // one is a prefix of the other
  const byte = last[i]!
  if (byte >= next[i]! || byte + 1 >= next[i]! || i + 1 >= last.length) return last
  const separator = new Uint8Array(last.subarray(0, i + 1))
  separator[i] = byte + 1
  return separator
}
