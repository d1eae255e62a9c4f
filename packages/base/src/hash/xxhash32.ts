import { readFixed32 } from '../bytes/fixed.ts'

// xxHash, 32 bits (Yann Collet, "xxHash fast digest algorithm"). LZ4 frames need it.

const prime1 = 0x9e3779b1
const prime2 = 0x85ebca77
const prime3 = 0xc2b2ae3d
const prime4 = 0x27d4eb2f
const prime5 = 0x165667b1

function rotate(x: number, r: number): number {
  return (x << r) | (x >>> (32 - r))
}

function round(accumulator: number, bytes: Uint8Array, i: number): number {
  return Math.imul(rotate((accumulator + Math.imul(readFixed32(bytes, i), prime2)) | 0, 13), prime1)
}

/** XXH32 of `bytes[start, end)` with seed 0, an unsigned 32-bit number. */
export function xxhash32(bytes: Uint8Array, start: number = 0, end: number = bytes.length): number {
  let i = start
  let hash: number
  if (end - start >= 16) {
    let a = (prime1 + prime2) | 0
    let b = prime2 | 0
    let c = 0
    let d = -prime1 | 0
    for (const last = end - 16; i <= last; i += 16) {
      a = round(a, bytes, i)
      b = round(b, bytes, i + 4)
      c = round(c, bytes, i + 8)
      d = round(d, bytes, i + 12)
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)
  } else {
    hash = prime5
  }
  hash = (hash + (end - start)) | 0
  for (const last = end - 4; i <= last; i += 4) {
    hash = Math.imul(rotate((hash + Math.imul(readFixed32(bytes, i), prime3)) | 0, 17), prime4)
  }
  for (; i < end; i++)
    hash = Math.imul(rotate((hash + Math.imul(bytes[i]!, prime5)) | 0, 11), prime1)
  hash = Math.imul(hash ^ (hash >>> 15), prime2)
  hash = Math.imul(hash ^ (hash >>> 13), prime3)
  return (hash ^ (hash >>> 16)) >>> 0
}
