import { nodeHash, type EntryStore } from './entry-store.ts'

const initialSlots = 256

/**
 * Hot. Open-addressing hash table from user key to node, so that reads and overwrites of a known key skip the list.
 * Lives outside the shared buffer: a worker only walks a sealed memtable in order.
 */
export class KeyIndex {
  readonly #store: EntryStore
  #slots: Int32Array
  #mask: number
  #count: number

  constructor(store: EntryStore) {
    this.#store = store
    this.#slots = new Int32Array(initialSlots)
    this.#mask = initialSlots - 1
    this.#count = 0
  }

  /** Bytes of the table. */
  get sizeBytes(): number {
    return this.#slots.byteLength
  }

  /** Node of the key, 0 when there is none. */
  find(key: Uint8Array, start: number, end: number, hash: number): number {
    const store = this.#store
    const slots = this.#slots
    const mask = this.#mask
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const node = slots[slot]!
      if (node === 0) return 0
      if (store.words[node + nodeHash] === hash && store.nodeHasKey(node, key, start, end))
        return node
    }
  }

  /** Remembers a node that is not in the table. */
  add(node: number, hash: number): void {
    if (++this.#count * 2 > this.#slots.length) this.#grow()
    place(this.#slots, this.#mask, node, hash)
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 4)
    const mask = slots.length - 1
    const words = this.#store.words
    for (const node of this.#slots)
      if (node !== 0) place(slots, mask, node, words[node + nodeHash]!)
    this.#slots = slots
    this.#mask = mask
  }
}

function place(slots: Int32Array, mask: number, node: number, hash: number): void {
  let slot = hash & mask
  while (slots[slot] !== 0) slot = (slot + 1) & mask
  slots[slot] = node
}

/** Scatters a key over 32 bits: FNV-1a over 32-bit words with a final avalanche. Never stored on disk. */
export function hashKey(key: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start)
  let i = start
  for (const last = end - 3; i < last; i += 4) {
    hash = Math.imul(
      hash ^ (key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24)),
      0x01000193,
    )
    hash ^= hash >>> 15
  }
  for (; i < end; i++) hash = Math.imul(hash ^ key[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}
