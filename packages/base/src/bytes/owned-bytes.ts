import { addBallast } from './ballast.ts'
import { copyRange } from './copy.ts'

/** Up to here a slab is {@link smallSlabBytes} long. */
const maxSmallBytes = 1024
const smallSlabBytes = 16 * 1024
/** Larger arrays get memory of their own: few would fit into a slab, and each would hold all of it. */
const maxSlabArrayBytes = 8 * 1024
const slabBytes = 32 * 1024

let smallSlab = new ArrayBuffer(0)
let smallUsed = 0
let slab = new ArrayBuffer(0)
let used = 0

/**
 * Zero bytes that the caller owns, for {@link ownedCopy} and for buffers that live shortly. Never shared memory.
 *
 * Up to 8 KiB are cut from slabs, as Node's buffers are: making an array of its own costs two to four times as much, and of an array in
 * V8's heap even a view does. What is kept keeps its slab: 16 KiB for arrays of up to 1 KiB, 32 KiB for others.
 */
export function ownedBytes(length: number): Uint8Array<ArrayBuffer> {
  addBallast(length)
  if (length <= maxSmallBytes) {
    let at = smallUsed
    if (at + length > smallSlab.byteLength) {
      smallSlab = new ArrayBuffer(smallSlabBytes)
      at = 0
    }
    smallUsed = (at + length + 7) & ~7
    return new Uint8Array(smallSlab, at, length)
  }
  if (length > maxSlabArrayBytes) return new Uint8Array(length)
  let at = used
  if (at + length > slab.byteLength) {
    slab = new ArrayBuffer(slabBytes)
    at = 0
  }
  used = (at + length + 7) & ~7
  return new Uint8Array(slab, at, length)
}

/** Hot. A copy of `source[start, end)` in {@link ownedBytes}. */
export function ownedCopy(source: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = ownedBytes(end - start)
  copyRange(source, start, end, copy, 0)
  return copy
}
