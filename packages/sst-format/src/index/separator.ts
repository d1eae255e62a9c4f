import { bytewiseComparator, reverseBytewiseComparator, type Comparator } from '@varve/base'

/**
 * A short user key `s` with `last <= s < next` in the order, to stand in an index; `last` itself when there is none, and in
 * orders other than the two of bytes.
 *
 * Bytewise the first differing byte is incremented and the rest cut, when that stays below `next`. In the reverse order
 * the rest behind the first differing byte is cut, which makes the key come later.
 */
export function shortestSeparator(
  comparator: Comparator,
  last: Uint8Array,
  next: Uint8Array,
): Uint8Array {
  const reverse = comparator === reverseBytewiseComparator
  if (!reverse && comparator !== bytewiseComparator) return last
  const limit = Math.min(last.length, next.length)
  let i = 0
  while (i < limit && last[i] === next[i]) i++
  if (i >= limit) return last // one is a prefix of the other
  const byte = last[i]!
  if (i + 1 >= last.length) return last
  if (reverse) return new Uint8Array(last.subarray(0, i + 1))
  if (byte >= next[i]! || byte + 1 >= next[i]!) return last
  const separator = new Uint8Array(last.subarray(0, i + 1))
  separator[i] = byte + 1
  return separator
}

/** A short user key at or behind `last`; `last` itself when there is none, and in orders other than bytewise. */
export function shortSuccessor(comparator: Comparator, last: Uint8Array): Uint8Array {
  if (comparator !== bytewiseComparator) return last
  let i = 0
  while (i < last.length && last[i] === 0xff) i++
  if (i + 1 >= last.length) return last
  const successor = new Uint8Array(last.subarray(0, i + 1))
  successor[i]!++
  return successor
}
