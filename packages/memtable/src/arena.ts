import { Buffer } from 'node:buffer'

import { assert, copyRange, type MemoryLoan } from '@varve/base'

import type { SpareMemory } from './spare-memory.ts'

/** Address space that an arena asks for at first: most of a transaction's, of a small family's, never need more. */
const firstReservationBytes = 1 << 20
/** What it asks for when that is used up, and then twice as much. Pages cost memory only when they are grown into. */
const secondReservationBytes = 128 << 20
const maxArenaBytes = 0x7fff_0000
const maxGrowthBytes = 4 << 20
/** Reused memory is zeroed in pieces of this size, ahead of its use: all of it at once would hold up a write. */
const zeroedWords = 1 << 14

/**
 * Hot. Memory that is only appended to, shared between threads: entries, tree and copied bytes of one memtable.
 *
 * Offsets count 32-bit words; ranges of {@link Arena.bytes} count bytes. Growing replaces the views, never the memory: those
 * of before stay right for what they show. (A view that follows the length of its buffer would be thirty times slower.)
 */
export class Arena {
  buffer: SharedArrayBuffer
  words: Int32Array
  bytes: Uint8Array
  /** Words used. */
  used: number
  readonly #spares: SpareMemory | undefined
  /** Words from `used` up to here are 0. */
  #zeroedTo = Number.POSITIVE_INFINITY
  /** Words behind are 0, whatever `zeroedTo` says. */
  #dirtyTo = 0
  /** What others use of the memory behind `zeroedTo`. */
  #loan: MemoryLoan | undefined

  /** With `buffer` and `used` the arena shows what another thread wrote. Memory is taken from `spares` where they have some. */
  constructor(
    capacityBytes: number,
    buffer?: SharedArrayBuffer,
    used?: number,
    spares?: SpareMemory,
  ) {
    this.#spares = spares
    this.buffer =
      buffer ??
      new SharedArrayBuffer(roundUp(capacityBytes), {
        maxByteLength: Math.max(firstReservationBytes, roundUp(capacityBytes)),
      })
    this.words = new Int32Array(this.buffer, 0, this.buffer.byteLength >>> 2)
    this.bytes = Buffer.from(this.buffer, 0, this.buffer.byteLength)
    // Offset 0 means none everywhere.
    this.used = used ?? 2
  }

  get usedBytes(): number {
    return this.used * 4
  }

  /** Bytes that have been written to, now or in an earlier use of the memory. */
  get residentBytes(): number {
    return Math.max(this.used, this.#dirtyTo) * 4
  }

  /** First of `count` fresh words, which are 0. */
  allocate(count: number): number {
    const start = this.used
    const end = start + count
    if (end > this.words.length) this.#grow(end * 4)
    if (end > this.#zeroedTo) this.#zero(end)
    this.used = end
    return start
  }

  /** Copies `source[start, end)` in; returns the byte where it begins. */
  append(source: Uint8Array, start: number, end: number): number {
    const at = this.allocate((end - start + 3) >>> 2) * 4
    copyRange(source, start, end, this.bytes, at)
    return at
  }

  /** Gives the memory to the spares: nobody reads it any more, here or in another thread. The arena is empty afterwards. */
  release(): void {
    const { buffer } = this
    // What never grew is not worth keeping.
    if (buffer.byteLength > firstReservationBytes)
      this.#spares?.give({ buffer, dirtyBytes: this.residentBytes, loan: this.#loan })
    this.#loan = undefined
    this.buffer = new SharedArrayBuffer(0)
    this.words = new Int32Array(this.buffer)
    this.bytes = Buffer.from(this.buffer)
    this.used = 0
    this.#dirtyTo = 0
    this.#zeroedTo = Number.POSITIVE_INFINITY
  }

  #zero(minWords: number): void {
    const to = Math.min(this.#dirtyTo, Math.max(minWords, this.#zeroedTo + zeroedWords))
    this.#loan?.reclaimTo(to * 4)
    this.bytes.fill(0, this.#zeroedTo * 4, to * 4)
    this.#zeroedTo = to === this.#dirtyTo ? Number.POSITIVE_INFINITY : to
  }

  #grow(minBytes: number): void {
    const { buffer } = this
    const step = Math.min(buffer.byteLength, maxGrowthBytes)
    const bytes = roundUp(Math.max(minBytes, buffer.byteLength + step))
    assert(bytes <= maxArenaBytes, 'a memtable is smaller than 2 GiB')
    if (bytes <= buffer.maxByteLength) {
      buffer.grow(bytes)
    } else if (!this.#moveToSpare(bytes)) {
      const larger = new SharedArrayBuffer(bytes, {
        maxByteLength: Math.min(
          maxArenaBytes,
          Math.max(bytes, secondReservationBytes, buffer.maxByteLength * 2),
        ),
      })
      const target = Buffer.from(larger, 0, bytes)
      copyRange(this.bytes, 0, this.used * 4, target, 0)
      this.buffer = larger
      this.#spares?.endLoan(this.#loan)
      this.#loan = undefined
      this.#dirtyTo = 0
      this.#zeroedTo = Number.POSITIVE_INFINITY
    }
    const { byteLength } = this.buffer
    this.words = new Int32Array(this.buffer, 0, byteLength >>> 2)
    this.bytes = Buffer.from(this.buffer, 0, byteLength)
  }

  #moveToSpare(minBytes: number): boolean {
    const spare = this.#spares?.take(minBytes)
    if (spare === undefined) return false
    const { buffer, dirtyBytes, loan } = spare
    loan?.reclaimTo(this.used * 4)
    this.#spares?.endLoan(this.#loan)
    this.#loan = loan
    copyRange(this.bytes, 0, this.used * 4, Buffer.from(buffer, 0, buffer.byteLength), 0)
    this.buffer = buffer
    this.#dirtyTo = dirtyBytes >>> 2
    this.#zeroedTo = this.used < this.#dirtyTo ? this.used : Number.POSITIVE_INFINITY
    return true
  }
}

function roundUp(bytes: number): number {
  return Math.max(4096, (bytes + 4095) & ~4095)
}
