import { Buffer } from 'node:buffer'

const nativeCopy = Buffer.prototype.copy

/** Up to here a loop beats the call. */
const loopBytes = 16

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
