import { readFixed32, trailerSizeBytes, writeFixed32, type InternalIterator } from '@varve/base'

import {
  entryOlder,
  entryTrailerHigh,
  entryTrailerLow,
  entryValueLength,
  entryValueStart,
  headNode,
  nodeHeadEntry,
  nodeKeyLength,
  nodeKeyStart,
  nodeTailEntry,
  nodeWords,
  type EntryStore,
} from './entry-store.ts'

/**
 * Walks the versions of a memtable in internal-key order. Stays right while entries are added: it sees those that come
 * behind its position. Keys and values are read through the store at each move, because growing replaces the buffer.
 */
export class MemtableIterator implements InternalIterator {
  readonly #store: EntryStore
  #node = 0
  #entry = 0
  #keyBuffer: Uint8Array = new Uint8Array(64)
  #key: Uint8Array = this.#keyBuffer
  #keyEntry = 0

  constructor(store: EntryStore) {
    this.#store = store
  }

  get valid(): boolean {
    return this.#entry !== 0
  }

  get key(): Uint8Array {
    // The user key and the trailer lie apart; put together once per position and only when asked for.
    if (this.#keyEntry === this.#entry) return this.#key
    const { bytes, words } = this.#store
    const start = words[this.#node + nodeKeyStart]!
    const length = words[this.#node + nodeKeyLength]!
    const total = length + trailerSizeBytes
    if (total > this.#keyBuffer.length) this.#keyBuffer = new Uint8Array(total * 2)
    const buffer = this.#keyBuffer
    if (length <= 32) for (let i = 0; i < length; i++) buffer[i] = bytes[start + i]!
    else buffer.set(bytes.subarray(start, start + length))
    writeFixed32(buffer, length, words[this.#entry + entryTrailerLow]!)
    writeFixed32(buffer, length + 4, words[this.#entry + entryTrailerHigh]!)
    if (this.#key.buffer !== buffer.buffer || this.#key.length !== total)
      this.#key = buffer.subarray(0, total)
    this.#keyEntry = this.#entry
    return this.#key
  }

  get value(): Uint8Array {
    const { bytes, words } = this.#store
    const start = words[this.#entry + entryValueStart]!
    return bytes.subarray(start, start + words[this.#entry + entryValueLength]!)
  }

  seekToFirst(): void {
    this.#toHeadOf(this.#store.words[headNode + nodeWords]!)
  }

  seekToLast(): void {
    this.#toTailOf(this.#store.findLast())
  }

  seek(target: Uint8Array): void {
    const store = this.#store
    const end = target.length - trailerSizeBytes
    const node = store.findAtOrAfter(target, 0, end)
    if (node === 0 || !store.nodeHasKey(node, target, 0, end)) {
      this.#toHeadOf(node)
      return
    }
    const entry = store.firstVisible(node, readFixed32(target, end), readFixed32(target, end + 4))
    if (entry === 0) this.#toHeadOf(store.words[node + nodeWords]!)
    else this.#moveTo(node, entry)
  }

  seekForPrev(target: Uint8Array): void {
    const store = this.#store
    const end = target.length - trailerSizeBytes
    const node = store.findAtOrAfter(target, 0, end)
    if (node === 0 || !store.nodeHasKey(node, target, 0, end)) {
      this.#toTailOf(store.findBefore(target, 0, end))
      return
    }
    // The last entry at or before the target in key order is the oldest one that is as new as the target or newer.
    const low = readFixed32(target, end)
    const high = readFixed32(target, end + 4)
    let last = 0
    for (
      let entry = store.words[node + nodeHeadEntry]!;
      entry !== 0;
      entry = store.words[entry + entryOlder]!
    ) {
      if (store.compareTrailer(entry, low, high) < 0) break
      last = entry
    }
    if (last === 0) this.#toTailOf(store.findBefore(target, 0, end))
    else this.#moveTo(node, last)
  }

  next(): void {
    const { words } = this.#store
    const older = words[this.#entry + entryOlder]!
    if (older !== 0) this.#moveTo(this.#node, older)
    else this.#toHeadOf(words[this.#node + nodeWords]!)
  }

  prev(): void {
    const store = this.#store
    const { words } = store
    let entry = words[this.#node + nodeHeadEntry]!
    if (entry === this.#entry) {
      const start = words[this.#node + nodeKeyStart]!
      this.#toTailOf(
        store.findBefore(store.bytes, start, start + words[this.#node + nodeKeyLength]!),
      )
      return
    }
    while (words[entry + entryOlder] !== this.#entry) entry = words[entry + entryOlder]!
    this.#moveTo(this.#node, entry)
  }

  close(): void {
    this.#node = 0
    this.#entry = 0
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #toHeadOf(node: number): void {
    this.#moveTo(node, node === 0 ? 0 : this.#store.words[node + nodeHeadEntry]!)
  }

  #toTailOf(node: number): void {
    this.#moveTo(node, node === 0 ? 0 : this.#store.words[node + nodeTailEntry]!)
  }

  #moveTo(node: number, entry: number): void {
    this.#node = node
    this.#entry = entry
    this.#keyEntry = 0
  }
}
