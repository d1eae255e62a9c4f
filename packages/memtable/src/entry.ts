import type { Arena } from './arena.ts'

/**
 * One version of a user key, eight words of an {@link Arena}:
 *
 *     trailer low | trailer high | older version | key start | key length | value start | value length | anchor
 *
 * Trailer as in the format: sequence << 8 | type. Key and value are where the write batch was copied to, side by side.
 *
 * The version of a key that was added first is its anchor: the radix tree leads to it, so that a key gets further versions without a
 * walk through the tree. Its last word is minus the newest version, or 0 while it is the newest itself; in other versions that word is
 * the anchor.
 */
export const entryTrailerLow = 0
export const entryTrailerHigh = 1
export const entryOlder = 2
export const entryKeyStart = 3
export const entryKeyLength = 4
export const entryValueStart = 5
export const entryValueLength = 6
const entryAnchor = 7
export const entryWords = 8

/** Hot. Gives the entry its sequence number and type. */
export function setTrailer(words: Int32Array, entry: number, sequence: number, type: number): void {
  const high = Math.floor(sequence / 0x100_0000)
  words[entry + entryTrailerLow] = ((sequence - high * 0x100_0000) << 8) | type
  words[entry + entryTrailerHigh] = high
}

/** Hot. The entry's trailer against another: above 0 when the entry is newer. */
export function compareTrailer(
  words: Int32Array,
  entry: number,
  trailerLow: number,
  trailerHigh: number,
): number {
  const high = (words[entry + entryTrailerHigh]! >>> 0) - (trailerHigh >>> 0)
  return high !== 0 ? high : (words[entry + entryTrailerLow]! >>> 0) - (trailerLow >>> 0)
}

/** Hot. Newest version at or before the trailer from `entry` on, 0 when there is none. */
export function firstVisible(
  words: Int32Array,
  entry: number,
  trailerLow: number,
  trailerHigh: number,
): number {
  while (entry !== 0 && compareTrailer(words, entry, trailerLow, trailerHigh) > 0)
    entry = words[entry + entryOlder]!
  return entry
}

/** Hot. Puts `entry` into the chain that begins at `newest`, by its trailer; returns where the chain begins then. */
export function linkVersion(words: Int32Array, newest: number, entry: number): number {
  const low = words[entry + entryTrailerLow]!
  const high = words[entry + entryTrailerHigh]!
  if (compareTrailer(words, newest, low, high) <= 0) {
    words[entry + entryOlder] = newest
    return entry
  }
  // Sequence numbers rise: only replays of unusual histories come here.
  let newer = newest
  let older = words[newest + entryOlder]!
  while (older !== 0 && compareTrailer(words, older, low, high) > 0) {
    newer = older
    older = words[older + entryOlder]!
  }
  words[entry + entryOlder] = older
  words[newer + entryOlder] = entry
  return newest
}

/** Whether it is the anchor of its key, if it is linked to the other versions. */
export function isAnchor(words: Int32Array, entry: number): boolean {
  return words[entry + entryAnchor]! <= 0
}

/** Hot. Newest version of the key whose anchor this is. */
export function newestOf(words: Int32Array, anchor: number): number {
  const link = words[anchor + entryAnchor]!
  return link < 0 ? -link : anchor
}

/** Hot. {@link linkVersion} that lets the key's anchor know. */
export function addVersion(words: Int32Array, newest: number, entry: number): number {
  const link = words[newest + entryAnchor]!
  const anchor = link > 0 ? link : newest
  words[entry + entryAnchor] = anchor
  const first = linkVersion(words, newest, entry)
  words[anchor + entryAnchor] = -first
  return first
}

/** Hot. Whether the entry's key is `key[start, end)`, whose first `from` bytes are known to agree. */
export function entryHasKey(
  arena: Arena,
  entry: number,
  key: Uint8Array,
  start: number,
  end: number,
  from: number,
): boolean {
  const { words, bytes } = arena
  const length = end - start
  if (words[entry + entryKeyLength] !== length) return false
  const keyStart = words[entry + entryKeyStart]!
  for (let i = from; i < length; i++) if (bytes[keyStart + i] !== key[start + i]) return false
  return true
}
