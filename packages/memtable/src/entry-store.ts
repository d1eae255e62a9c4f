import { assert, bytewiseComparator, type Comparator } from '@varve/base'

/**
 * Hot. Keys, values and index of a memtable in one shared buffer, so that a worker reads a sealed memtable in place.
 *
 * One node per user key in a skip list, a chain of versions per node, newest first. All offsets count 32-bit words; byte
 * ranges count bytes. Memory is only appended to, so a reader never sees an entry move; growing copies the buffer, and
 * views of the old one stay right because what they show never changes.
 *
 *     node:  head entry | tail entry | key start | key length | key prefix | hash | next node, one per level …
 *     entry: trailer low | trailer high | older entry | value start | value length
 *
 * The prefix is the first four key bytes, big-endian and with the top bit turned so that signed comparison orders them; it
 * decides most steps without touching the key. Trailer as in the format: sequence << 8 | type.
 *
 * Source: skip lists, William Pugh, 1990, branching factor 4.
 */
export class EntryStore {
  buffer: SharedArrayBuffer
  bytes: Uint8Array
  words: Int32Array
  /** Words used. */
  used: number
  readonly comparator: Comparator
  readonly #bytewise: boolean
  /** Last node of every level: the predecessors of a key beyond the greatest. */
  readonly #tails: Int32Array
  readonly #predecessors: Int32Array
  #randomState: number

  /** With `buffer` and `used` the store reads what another one wrote. */
  constructor(
    comparator: Comparator,
    capacityBytes: number,
    buffer?: SharedArrayBuffer,
    used?: number,
  ) {
    this.comparator = comparator
    this.#bytewise = comparator === bytewiseComparator
    this.buffer = buffer ?? new SharedArrayBuffer(roundUp(capacityBytes))
    this.bytes = new Uint8Array(this.buffer)
    this.words = new Int32Array(this.buffer)
    this.#tails = new Int32Array(maxHeight).fill(headNode)
    this.#predecessors = new Int32Array(maxHeight)
    this.#randomState = 0x2545f491
    this.used = used ?? headNode + nodeWords + maxHeight
  }

  /** First node at or after the user key, 0 when there is none. */
  findAtOrAfter(key: Uint8Array, start: number, end: number): number {
    const words = this.words
    const prefix = prefixOf(key, start, end)
    let node = headNode
    for (let level = maxHeight - 1; level >= 0; level--) {
      let next = words[node + nodeWords + level]!
      while (next !== 0 && this.#compareNode(next, prefix, key, start, end) < 0) {
        node = next
        next = words[node + nodeWords + level]!
      }
    }
    return words[node + nodeWords]!
  }

  /** Last node before the user key, 0 when there is none. */
  findBefore(key: Uint8Array, start: number, end: number): number {
    const words = this.words
    const prefix = prefixOf(key, start, end)
    let node = headNode
    for (let level = maxHeight - 1; level >= 0; level--) {
      let next = words[node + nodeWords + level]!
      while (next !== 0 && this.#compareNode(next, prefix, key, start, end) < 0) {
        node = next
        next = words[node + nodeWords + level]!
      }
    }
    return node === headNode ? 0 : node
  }

  /** Last node, 0 when empty. */
  findLast(): number {
    const words = this.words
    let node = headNode
    for (let level = maxHeight - 1; level >= 0; level--) {
      for (
        let next = words[node + nodeWords + level]!;
        next !== 0;
        next = words[node + nodeWords + level]!
      ) {
        node = next
      }
    }
    return node === headNode ? 0 : node
  }

  /** Adds a node for a user key that has none; its chain is empty. */
  insertNode(key: Uint8Array, start: number, end: number, hash: number): number {
    const height = this.#randomHeight()
    const length = end - start
    const node = this.#allocate(nodeWords + height + wordsFor(length))
    const words = this.words
    const keyStart = (node + nodeWords + height) * 4
    copyInto(this.bytes, keyStart, key, start, end)
    const prefix = prefixOf(key, start, end)
    words[node + nodeKeyStart] = keyStart
    words[node + nodeKeyLength] = length
    words[node + nodePrefix] = prefix
    words[node + nodeHash] = hash

    const predecessors = this.#predecessors
    const tails = this.#tails
    const last = tails[0]!
    if (last === headNode || this.#compareNode(last, prefix, key, start, end) < 0) {
      // Keys in ascending order, the common case of loads: no search.
      predecessors.set(tails)
    } else {
      let before = headNode
      for (let level = maxHeight - 1; level >= 0; level--) {
        let next = words[before + nodeWords + level]!
        while (next !== 0 && this.#compareNode(next, prefix, key, start, end) < 0) {
          before = next
          next = words[before + nodeWords + level]!
        }
        predecessors[level] = before
      }
    }
    for (let level = 0; level < height; level++) {
      const link = predecessors[level]! + nodeWords + level
      const next = words[link]!
      words[node + nodeWords + level] = next
      words[link] = node
      if (next === 0) tails[level] = node
    }
    return node
  }

  /** Adds a version to a node's chain, in the place that its trailer gives it. */
  insertEntry(
    node: number,
    trailerLow: number,
    trailerHigh: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const length = valueEnd - valueStart
    const entry = this.#allocate(entryWords + wordsFor(length))
    const words = this.words
    const start = (entry + entryWords) * 4
    copyInto(this.bytes, start, value, valueStart, valueEnd)
    words[entry + entryTrailerLow] = trailerLow
    words[entry + entryTrailerHigh] = trailerHigh
    words[entry + entryValueStart] = start
    words[entry + entryValueLength] = length

    // Sequence numbers rise, so the loop ends at once but in replays of unusual histories.
    let newer = 0
    let older = words[node + nodeHeadEntry]!
    while (older !== 0 && this.compareTrailer(older, trailerLow, trailerHigh) > 0) {
      newer = older
      older = words[older + entryOlder]!
    }
    words[entry + entryOlder] = older
    if (newer === 0) words[node + nodeHeadEntry] = entry
    else words[newer + entryOlder] = entry
    if (older === 0) words[node + nodeTailEntry] = entry
  }

  /** The entry's trailer against another: above 0 when the entry is newer. */
  compareTrailer(entry: number, trailerLow: number, trailerHigh: number): number {
    const words = this.words
    const high = (words[entry + entryTrailerHigh]! >>> 0) - (trailerHigh >>> 0)
    return high !== 0 ? high : (words[entry + entryTrailerLow]! >>> 0) - (trailerLow >>> 0)
  }

  /** Newest version at or before the trailer, 0 when there is none. */
  firstVisible(node: number, trailerLow: number, trailerHigh: number): number {
    const words = this.words
    let entry = words[node + nodeHeadEntry]!
    while (entry !== 0 && this.compareTrailer(entry, trailerLow, trailerHigh) > 0) {
      entry = words[entry + entryOlder]!
    }
    return entry
  }

  /** Whether the node's key is the given one. */
  nodeHasKey(node: number, key: Uint8Array, start: number, end: number): boolean {
    const words = this.words
    const length = end - start
    if (words[node + nodeKeyLength] !== length) return false
    const bytes = this.bytes
    const keyStart = words[node + nodeKeyStart]!
    for (let i = 0; i < length; i++) if (bytes[keyStart + i] !== key[start + i]) return false
    return true
  }

  #compareNode(node: number, prefix: number, key: Uint8Array, start: number, end: number): number {
    const words = this.words
    const keyStart = words[node + nodeKeyStart]!
    const length = words[node + nodeKeyLength]!
    if (!this.#bytewise) {
      return this.comparator.compare(
        this.bytes.subarray(keyStart, keyStart + length),
        key.subarray(start, end),
      )
    }
    const nodePrefixValue = words[node + nodePrefix]!
    if (nodePrefixValue !== prefix) return nodePrefixValue < prefix ? -1 : 1
    const bytes = this.bytes
    const otherLength = end - start
    const n = length < otherLength ? length : otherLength
    for (let i = 0; i < n; i++) {
      const difference = bytes[keyStart + i]! - key[start + i]!
      if (difference !== 0) return difference
    }
    return length - otherLength
  }

  #allocate(words: number): number {
    const start = this.used
    const end = start + words
    if (end > this.words.length) this.#grow(end)
    this.used = end
    return start
  }

  #grow(minWords: number): void {
    const bytes = roundUp(
      Math.max(minWords * 4, Math.min(this.buffer.byteLength * 2, maxArenaBytes)),
    )
    assert(bytes <= maxArenaBytes, 'a memtable is smaller than 2 GiB')
    const grown = new SharedArrayBuffer(bytes)
    const words = new Int32Array(grown)
    words.set(this.words.subarray(0, this.used))
    this.buffer = grown
    this.words = words
    this.bytes = new Uint8Array(grown)
  }

  #randomHeight(): number {
    // xorshift32: any deterministic scatter does.
    let x = this.#randomState
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#randomState = x
    let height = 1
    while (height < maxHeight && (x & 3) === 0) {
      height++
      x >>>= 2
    }
    return height
  }
}

/** Enough for 4^12 keys. */
const maxHeight = 12
/** Offset of the head of the list; 0 means none everywhere. */
export const headNode = 2
export const nodeHeadEntry = 0
export const nodeTailEntry = 1
export const nodeKeyStart = 2
export const nodeKeyLength = 3
const nodePrefix = 4
export const nodeHash = 5
export const nodeWords = 6
export const entryTrailerLow = 0
export const entryTrailerHigh = 1
export const entryOlder = 2
export const entryValueStart = 3
export const entryValueLength = 4
const entryWords = 5
const maxArenaBytes = 0x7fff_0000
const loopCopyBytes = 32

function wordsFor(bytes: number): number {
  return (bytes + 3) >>> 2
}

function roundUp(bytes: number): number {
  return Math.max(4096, (bytes + 4095) & ~4095)
}

function prefixOf(key: Uint8Array, start: number, end: number): number {
  let prefix = 0
  const length = end - start
  if (length >= 4) {
    prefix =
      (key[start]! << 24) | (key[start + 1]! << 16) | (key[start + 2]! << 8) | key[start + 3]!
  } else {
    for (let i = 0; i < length; i++) prefix |= key[start + i]! << (24 - 8 * i)
  }
  return prefix ^ 0x8000_0000
}

function copyInto(
  target: Uint8Array,
  position: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  const length = end - start
  if (length <= loopCopyBytes) {
    for (let i = 0; i < length; i++) target[position + i] = source[start + i]!
  } else {
    target.set(source.subarray(start, end), position)
  }
}
