import type { SeededRandom } from '@varve/base/testing'

/** Numbers at which decoders go wrong. */
const edges = [
  0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 15, 16, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000,
  0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
]

/** A damaged copy of `input`: one to six changes of the kinds that disks, bugs and enemies make. `other` is a valid input, too. */
export function mutate(input: Uint8Array, other: Uint8Array, random: SeededRandom): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(input)
  for (let left = 1 + random.below(random.below(2) === 0 ? 1 : 6); left > 0; left--)
    bytes = changeOnce(bytes, other, random)
  return bytes
}

function changeOnce(bytes: Uint8Array, other: Uint8Array, random: SeededRandom): Uint8Array {
  const size = bytes.length
  if (size === 0) return random.bytes(1 + random.below(20))
  const at = random.below(size)
  switch (random.below(13)) {
    case 0:
    case 1:
      bytes[at]! ^= 1 << random.below(8)
      return bytes
    case 2:
      bytes[at] = random.below(256)
      return bytes
    case 3:
      bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff])
      return bytes
    case 4:
      return bytes.slice(0, at)
    case 5:
      return without(bytes, at, at + 1 + random.below(Math.min(16, size - at)))
    case 6: {
      const length = Math.min(size - at, 1 + random.below(40))
      return inserted(bytes, random.below(size), bytes.slice(at, at + length))
    }
    case 7:
      return inserted(bytes, at, random.bytes(1 + random.below(12)))
    case 8:
      return inserted(bytes, size, random.bytes(1 + random.below(40)))
    case 9:
      return fixed(bytes, at, random)
    case 10:
      return varint(bytes, at, random)
    case 11:
      bytes.fill(random.pick([0, 0xff]), at, at + 1 + random.below(64))
      return bytes
    default: {
      const from = random.below(other.length + 1)
      return inserted(bytes.slice(0, at), at, other.subarray(from))
    }
  }
}

function without(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const out = new Uint8Array(bytes.length - (to - from))
  out.set(bytes.subarray(0, from))
  out.set(bytes.subarray(to), from)
  return out
}

function inserted(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + part.length)
  out.set(bytes.subarray(0, at))
  out.set(part, at)
  out.set(bytes.subarray(at), at + part.length)
  return out
}

/** Writes a number of four or two bytes: an edge, or one near the size of the input. */
function fixed(bytes: Uint8Array, at: number, random: SeededRandom): Uint8Array {
  const value = random.below(2) === 0 ? random.pick(edges) : bytes.length - 8 + random.below(16)
  const width = random.pick([2, 4, 8])
  for (let i = 0; i < width && at + i < bytes.length; i++)
    bytes[at + i] = i < 4 ? (value >>> (8 * i)) & 0xff : 0
  return bytes
}

/** Replaces a byte by a varint of up to ten bytes. */
function varint(bytes: Uint8Array, at: number, random: SeededRandom): Uint8Array {
  const length = 1 + random.below(11)
  const number = new Uint8Array(length).fill(0x80)
  for (let i = 0; i < length; i++) number[i]! |= random.pick([0, 1, 0x7f, random.below(128)])
  number[length - 1] = random.pick([0, 1, 0x0f, 0x7f])
  return inserted(without(bytes, at, at + 1), at, number)
}
