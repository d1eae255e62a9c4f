import { systemRandom } from '@varve/base'

/** What a {@link ByteHashMap} holds: something with bytes as its key, and their {@link hashBytes}. */
export interface HashedEntry {
  readonly key: Uint8Array
  readonly hash: number
}

/** Another one in each process, so that keys from outside cannot be chosen to meet in one slot. */
const seed = Math.floor(systemRandom.next() * 0x1_0000_0000)

/** Body and finaliser of MurmurHash3, 32 bits; never 0. */
export function hashBytes(bytes: Uint8Array): number {
  const { length } = bytes
  let h = seed ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    h = mix(h, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
  }
  let rest = 0
  for (; at < length; at++) rest = (rest << 8) | bytes[at]!
  h = mix(h, rest)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  h ^= h >>> 16
  return h === 0 ? 1 : h
}

function mix(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  h ^= Math.imul(k, 0x1b873593)
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a
  if (length !== b.length) return false
  // From the end: keys of one store differ there more often than in front.
  for (let i = length - 1; i >= 0; i--) if (a[i] !== b[i]) return false
  return true
}

const slotsMin = 16
/** A map that was larger than this gives its memory back when it is cleared. */
const slotsKept = 1 << 17

/**
 * Entries by the bytes of their keys: open addressing with linear probing, hashes side by side in front of the entries.
 *
 * Hot, and why it is no `Map`: that would want a string of the bytes for each look-up, which costs several times the look-up.
 */
export class ByteHashMap<E extends HashedEntry> {
  /** 0: free. */
  #hashes = new Int32Array(slotsMin)
  #entries: (E | undefined)[] = new Array<E | undefined>(slotsMin).fill(undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** `hash` is that of `key`. */
  get(key: Uint8Array, hash: number): E | undefined {
    const hashes = this.#hashes
    const mask = hashes.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = hashes[slot]!
      if (found === 0) return undefined
      if (found !== hash) continue
      const entry = this.#entries[slot]!
      if (equal(entry.key, key)) return entry
    }
  }

  /** Adds an entry whose key is not in the map. */
  add(entry: E): void {
    if (++this.#size * 2 > this.#hashes.length) this.#grow()
    this.#place(entry)
  }

  /** Takes out an entry of the map; others move up, so that no probe ends too early. */
  remove(entry: E): void {
    const hashes = this.#hashes
    const entries = this.#entries
    const mask = hashes.length - 1
    let hole = entry.hash & mask
    while (entries[hole] !== entry) hole = (hole + 1) & mask
    for (let slot = (hole + 1) & mask; hashes[slot] !== 0; slot = (slot + 1) & mask) {
      const home = hashes[slot]! & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      hashes[hole] = hashes[slot]!
      entries[hole] = entries[slot]
      hole = slot
    }
    hashes[hole] = 0
    entries[hole] = undefined
    this.#size--
  }

  clear(): void {
    if (this.#size === 0) return
    this.#size = 0
    if (this.#hashes.length > slotsKept) {
      this.#hashes = new Int32Array(slotsMin)
      this.#entries = new Array<E | undefined>(slotsMin).fill(undefined)
      return
    }
    this.#hashes.fill(0)
    this.#entries.fill(undefined)
  }

  #place(entry: E): void {
    const hashes = this.#hashes
    const mask = hashes.length - 1
    let slot = entry.hash & mask
    while (hashes[slot] !== 0) slot = (slot + 1) & mask
    hashes[slot] = entry.hash
    this.#entries[slot] = entry
  }

  #grow(): void {
    const before = this.#entries
    const slots = this.#hashes.length * 2
    this.#hashes = new Int32Array(slots)
    this.#entries = new Array<E | undefined>(slots).fill(undefined)
    for (const entry of before) if (entry !== undefined) this.#place(entry)
  }
}
