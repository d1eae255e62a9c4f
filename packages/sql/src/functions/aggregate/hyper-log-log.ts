/**
 * HyperLogLog (Flajolet et al., 2007) with 2^14 registers over 64-bit hashes, standard error 0.81 %; small counts by linear counting.
 *
 * A sketch is either sparse, a byte 0 and three bytes for each register in use (index big-endian, rank), ascending; or dense, a byte 1 and a byte for every
 * register. Sketches are never changed in place.
 */
const indexBits = 14
const registerCount = 1 << indexBits
/** Beyond this many entries the dense form is smaller. */
const sparseMax = Math.floor(registerCount / 3)

/** Of no values. */
export const emptySketch: Uint8Array = Uint8Array.of(0)

/** The sketch with a value more; itself when that changes nothing. */
export function addHash(sketch: Uint8Array, hash: bigint): Uint8Array {
  const index = Number(hash >> BigInt(64 - indexBits))
  const rest = BigInt.asUintN(64 - indexBits, hash)
  const rank = 64 - indexBits - (rest === 0n ? 0 : rest.toString(2).length) + 1
  return raise(sketch, index, rank)
}

/** The sketch of the values of both. */
export function mergeSketches(a: Uint8Array, b: Uint8Array): Uint8Array {
  let merged = a
  for (const [index, rank] of registers(b)) merged = raise(merged, index, rank)
  return merged
}

/** How many distinct values a sketch has seen, rounded. */
export function estimate(sketch: Uint8Array): number {
  let used = 0
  let sum = 0
  for (const [, rank] of registers(sketch)) {
    used += 1
    sum += 2 ** -rank
  }
  const unused = registerCount - used
  const alpha = 0.7213 / (1 + 1.079 / registerCount)
  const raw = (alpha * registerCount * registerCount) / (sum + unused)
  const isSmall = raw <= 2.5 * registerCount && unused > 0
  return Math.round(isSmall ? registerCount * Math.log(registerCount / unused) : raw)
}

function* registers(sketch: Uint8Array): Iterable<readonly [index: number, rank: number]> {
  if (sketch[0] === 1) {
    for (let i = 0; i < registerCount; i++) {
      const rank = sketch[i + 1] ?? 0
      if (rank > 0) yield [i, rank]
    }
  } else {
    for (let at = 1; at + 2 < sketch.length; at += 3) {
      yield [(sketch[at]! << 8) | sketch[at + 1]!, sketch[at + 2]!]
    }
  }
}

/** The sketch with a register raised to a rank. */
function raise(sketch: Uint8Array, index: number, rank: number): Uint8Array {
  if (sketch[0] === 1) {
    if (sketch[index + 1]! >= rank) return sketch
    const copy = sketch.slice()
    copy[index + 1] = rank
    return copy
  }
  const at = place(sketch, index)
  if (indexAt(sketch, at) === index) {
    if (sketch[at + 2]! >= rank) return sketch
    const copy = sketch.slice()
    copy[at + 2] = rank
    return copy
  }
  if ((sketch.length - 1) / 3 >= sparseMax) return raise(dense(sketch), index, rank)
  const grown = new Uint8Array(sketch.length + 3)
  grown.set(sketch.subarray(0, at))
  grown.set([index >> 8, index & 0xff, rank], at)
  grown.set(sketch.subarray(at), at + 3)
  return grown
}

function indexAt(sketch: Uint8Array, at: number): number {
  return at < sketch.length ? (sketch[at]! << 8) | sketch[at + 1]! : -1
}

/** Where the entry of a register is, or belongs. */
function place(sketch: Uint8Array, index: number): number {
  let low = 0
  let high = (sketch.length - 1) / 3
  while (low < high) {
    const middle = (low + high) >> 1
    if (indexAt(sketch, 1 + 3 * middle) < index) low = middle + 1
    else high = middle
  }
  return 1 + 3 * low
}

function dense(sketch: Uint8Array): Uint8Array {
  const result = new Uint8Array(registerCount + 1)
  result[0] = 1
  for (const [index, rank] of registers(sketch)) result[index + 1] = rank
  return result
}
