import { addBallast } from './ballast.ts'
import { copyRange } from './copy.ts'

/** Up to here arrays are cut from short slabs, which are soon free again. */
const maxSmallBytes = 1024
/** Larger arrays get memory of their own: few would fit into a slab, and each would hold all of it. */
const maxSlabArrayBytes = 8 * 1024

/** Zero bytes that are given away front to back. */
class Slab {
  readonly #lengthBytes: number
  #bytes = new ArrayBuffer(0)
  #used = 0

  constructor(lengthBytes: number) {
    this.#lengthBytes = lengthBytes
  }

  /** Hot. Bytes that nobody else has, on a multiple of 8. */
  cut(length: number): Uint8Array<ArrayBuffer> {
    let at = this.#used
    if (at + length > this.#bytes.byteLength) {
      this.#bytes = new ArrayBuffer(this.#lengthBytes)
      at = 0
    }
    this.#used = (at + length + 7) & ~7
    return new Uint8Array(this.#bytes, at, length)
  }
}

const smallSlab = new Slab(16 * 1024)
const slab = new Slab(32 * 1024)

/**
 * Zero bytes that the caller owns, for {@link ownedCopy} and for buffers that live shortly. Never shared memory.
 *
 * Up to 8 KiB are cut from slabs, as Node's buffers are: making an array of its own costs two to four times as much, and of an array in
 * V8's heap even a view does. What is kept keeps its slab: 16 KiB for arrays of up to 1 KiB, 32 KiB for others.
 */
export function ownedBytes(length: number): Uint8Array<ArrayBuffer> {
  addBallast(length)
  if (length <= maxSmallBytes) return smallSlab.cut(length)
  return length <= maxSlabArrayBytes ? slab.cut(length) : new Uint8Array(length)
}

/** Hot. A copy of `source[start, end)` in {@link ownedBytes}. */
export function ownedCopy(source: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = ownedBytes(end - start)
  copyRange(source, start, end, copy, 0)
  return copy
}
