import { Buffer } from 'node:buffer'

import { assert, copyRange } from '@varve/base'

/** Address space that an arena asks for at first: most of a transaction's, of a small family's, never need more. */
const firstReservationBytes = 1 << 20
/** What it asks for when that is used up, and then twice as much. Pages cost memory only when they are grown into. */
const secondReservationBytes = 128 << 20
const maxArenaBytes = 0x7fff_0000
const maxGrowthBytes = 4 << 20

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

  /** With `buffer` and `used` the arena shows what another thread wrote. */
  constructor(capacityBytes: number, buffer?: SharedArrayBuffer, used?: number) {
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

  /** First of `count` fresh words, which are 0. */
  allocate(count: number): number {
    const start = this.used
    const end = start + count
    if (end > this.words.length) this.#grow(end * 4)
    this.used = end
    return start
  }

  /** Copies `source[start, end)` in; returns the byte where it begins. */
  append(source: Uint8Array, start: number, end: number): number {
    const at = this.allocate((end - start + 3) >>> 2) * 4
    copyRange(source, start, end, this.bytes, at)
    return at
  }

  #grow(minBytes: number): void {
    const { buffer } = this
    const step = Math.min(buffer.byteLength, maxGrowthBytes)
    const bytes = roundUp(Math.max(minBytes, buffer.byteLength + step))
    assert(bytes <= maxArenaBytes, 'a memtable is smaller than 2 GiB')
    if (bytes <= buffer.maxByteLength) {
      buffer.grow(bytes)
    } else {
      const larger = new SharedArrayBuffer(bytes, {
        maxByteLength: Math.min(
          maxArenaBytes,
          Math.max(bytes, secondReservationBytes, buffer.maxByteLength * 2),
        ),
      })
      const target = Buffer.from(larger, 0, bytes)
      copyRange(this.bytes, 0, this.used * 4, target, 0)
      this.buffer = larger
    }
    this.words = new Int32Array(this.buffer, 0, bytes >>> 2)
    this.bytes = Buffer.from(this.buffer, 0, bytes)
  }
}

function roundUp(bytes: number): number {
  return Math.max(4096, (bytes + 4095) & ~4095)
}
