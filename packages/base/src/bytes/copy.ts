import { Buffer } from 'node:buffer'

const nativeCopy = Buffer.prototype.copy

/** Up to here a loop beats the call. */
const loopBytes = 16
const slabBytes = 16 * 1024
/** Larger copies get memory of their own: few would fit into a slab, and each would hold all of it. */
const maxSlabCopyBytes = 4 * 1024

/**
 * Copies `source[start, end)` into `target` at `position`; they may overlap, and either may be shared memory.
 *
 * Hot. `target.set(source.subarray(…))` makes a view first, and copies shared memory word by word: 62 ns for 100 bytes and
 * 30 µs for 120 KB where this takes 30 ns and 2 µs.
 */
export function copyRange(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): void {
  const length = end - start
  if (length > loopBytes || source === target) {
    nativeCopy.call(source, target, position, start, end)
    return
  }
  for (let i = 0; i < length; i++) target[position + i] = source[start + i]!
}

let slab = new ArrayBuffer(0)
let slabUsed = 0

/**
 * A copy of `source[start, end)` that the caller owns. Never shared memory.
 *
 * Small copies are cut from slabs of 16 KiB, as Node's buffers are: making an array of its own costs four times as much. A copy
 * that is kept keeps its slab.
 */
export function ownedCopy(source: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const length = end - start
  if (length > maxSlabCopyBytes) {
    const copy = new Uint8Array(length)
    nativeCopy.call(source, copy, 0, start, end)
    return copy
  }
  let at = slabUsed
  if (at + length > slab.byteLength) {
    slab = new ArrayBuffer(slabBytes)
    at = 0
  }
  slabUsed = (at + length + 7) & ~7
  const copy = new Uint8Array(slab, at, length)
  if (length > loopBytes) nativeCopy.call(source, copy, 0, start, end)
  else for (let i = 0; i < length; i++) copy[i] = source[start + i]!
  return copy
}
