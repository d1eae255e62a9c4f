import { copyRange, trailerSizeBytes, writeFixed32, type InternalIterator } from '@varve/base'

import type { Arena } from './arena.ts'
import {
  entryKeyLength,
  entryKeyStart,
  entryTrailerHigh,
  entryTrailerLow,
  entryValueLength,
  entryValueStart,
} from './entry.ts'

/** What iterators over entries have in common: key and value of the one they stand on, read through the arena, whose views change. */
export abstract class EntryIterator implements InternalIterator {
  protected readonly arena: Arena
  /** 0 when it stands nowhere. */
  protected entry = 0
  #keyBuffer: Uint8Array = new Uint8Array(64)
  #key: Uint8Array = this.#keyBuffer
  #keyLength = -1
  #keyEntry = 0

  constructor(arena: Arena) {
    this.arena = arena
  }

  get valid(): boolean {
    return this.entry !== 0
  }

  get key(): Uint8Array {
    // The user key and the trailer lie apart; put together once per position and only when asked for.
    if (this.#keyEntry === this.entry) return this.#key
    const { bytes, words } = this.arena
    const start = words[this.entry + entryKeyStart]!
    const length = words[this.entry + entryKeyLength]!
    const total = length + trailerSizeBytes
    if (total > this.#keyBuffer.length) {
      this.#keyBuffer = new Uint8Array(total * 2)
      this.#keyLength = -1
    }
    const buffer = this.#keyBuffer
    copyRange(bytes, start, start + length, buffer, 0)
    writeFixed32(buffer, length, words[this.entry + entryTrailerLow]!)
    writeFixed32(buffer, length + 4, words[this.entry + entryTrailerHigh]!)
    if (this.#keyLength !== total) {
      this.#keyLength = total
      this.#key = buffer.subarray(0, total)
    }
    this.#keyEntry = this.entry
    return this.#key
  }

  get value(): Uint8Array {
    const { buffer, words } = this.arena
    return new Uint8Array(
      buffer,
      words[this.entry + entryValueStart]!,
      words[this.entry + entryValueLength]!,
    )
  }

  abstract seekToFirst(): void
  abstract seekToLast(): void
  abstract seek(target: Uint8Array): void
  abstract seekForPrev(target: Uint8Array): void
  abstract next(): void
  abstract prev(): void
  abstract rest(): void

  close(): void {
    this.rest()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  protected moveTo(entry: number): void {
    this.entry = entry
    this.#keyEntry = 0
  }
}
