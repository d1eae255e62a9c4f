/**
 * Orders two byte strings as unsigned bytes; a proper prefix sorts first. Returns a number below, equal to or above 0.
 *
 * Hot. A byte loop beats `Buffer.compare` up to about 64 equal leading bytes, which is where keys live.
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const lengthA = a.length
  const lengthB = b.length
  const n = lengthA < lengthB ? lengthA : lengthB
  for (let i = 0; i < n; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}

/** {@link compareBytes} over ranges of larger arrays: `a[startA, endA)` against `b[startB, endB)`. */
export function compareByteRanges(
  a: Uint8Array,
  startA: number,
  endA: number,
  b: Uint8Array,
  startB: number,
  endB: number,
): number {
  const lengthA = endA - startA
  const lengthB = endB - startB
  const n = lengthA < lengthB ? lengthA : lengthB
  for (let i = 0; i < n; i++) {
    const difference = a[startA + i]! - b[startB + i]!
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}

/** Whether both hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  const length = a.length
  if (length !== b.length) return false
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false
  return true
}
