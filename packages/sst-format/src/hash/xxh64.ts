/**
 * XXH64, seed 0, in 32-bit halves. Source: the xxHash specification.
 *
 * A state of four 64-bit lanes lives in `v` as low, high pairs.
 */
const v = new Uint32Array(8)

let H = 0
let L = 0

function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const u = a1 * b0 + ((a0 * b0) >>> 16)
  const w = a0 * b1 + (u & 0xffff)
  return a1 * b1 + (u >>> 16) + (w >>> 16)
}

/** (H, L) ×= b. */
function mul(bh: number, bl: number): void {
  const h = (mulHigh(L, bl) + Math.imul(H, bl) + Math.imul(L, bh)) >>> 0
  L = Math.imul(L, bl) >>> 0
  H = h
}

/** (H, L) += b. */
function add(bh: number, bl: number): void {
  const l = L + bl
  H = (H + bh + (l > 0xffffffff ? 1 : 0)) >>> 0
  L = l >>> 0
}

/** (H, L) = rotate left by r, 0 < r < 32. */
function rotl(r: number): void {
  const h = ((H << r) | (L >>> (32 - r))) >>> 0
  L = ((L << r) | (H >>> (32 - r))) >>> 0
  H = h
}

function word(d: Uint8Array, i: number): number {
  return (d[i]! | (d[i + 1]! << 8) | (d[i + 2]! << 16) | (d[i + 3]! << 24)) >>> 0
}

/** (H, L) = rotl(lane + input × P2, 31) × P1. */
function round(laneHigh: number, laneLow: number, inputHigh: number, inputLow: number): void {
  H = inputHigh
  L = inputLow
  mul(0xc2b2ae3d, 0x27d4eb4f)
  add(laneHigh, laneLow)
  rotl(31)
  mul(0x9e3779b1, 0x85ebca87)
}

/** Low 32 bits of XXH64 of `d[start .. start + n)`: what a block checksum of kind 3 stores. */
export function xxh64Low(d: Uint8Array, start: number, n: number): number {
  const end = start + n
  let i = start
  if (n >= 32) {
    // P1 + P2, P2, 0, -P1
    v.set([0xadc0b5d6, 0x60ea27ee, 0x27d4eb4f, 0xc2b2ae3d, 0, 0, 0x7a143579, 0x61c8864e])
    for (; i + 32 <= end; i += 32) {
      for (let k = 0; k < 4; k++) {
        const at = i + k * 8
        round(v[k * 2 + 1]!, v[k * 2]!, word(d, at + 4), word(d, at))
        v[k * 2] = L
        v[k * 2 + 1] = H
      }
    }
    let sh = 0
    let sl = 0
    const turns = [1, 7, 12, 18]
    for (let k = 0; k < 4; k++) {
      L = v[k * 2]!
      H = v[k * 2 + 1]!
      rotl(turns[k]!)
      add(sh, sl)
      sh = H
      sl = L
    }
    for (let k = 0; k < 4; k++) {
      round(0, 0, v[k * 2 + 1]!, v[k * 2]!)
      L = (L ^ sl) >>> 0
      H = (H ^ sh) >>> 0
      mul(0x9e3779b1, 0x85ebca87)
      add(0x85ebca77, 0xc2b2ae63)
      sh = H
      sl = L
    }
  } else {
    H = 0x27d4eb2f
    L = 0x165667c5
  }
  add(Math.floor(n / 0x100000000), n >>> 0)
  for (; i + 8 <= end; i += 8) {
    const h = H
    const l = L
    round(0, 0, word(d, i + 4), word(d, i))
    L = (L ^ l) >>> 0
    H = (H ^ h) >>> 0
    rotl(27)
    mul(0x9e3779b1, 0x85ebca87)
    add(0x85ebca77, 0xc2b2ae63)
  }
  if (i + 4 <= end) {
    const h = H
    const l = L
    H = 0
    L = word(d, i)
    mul(0x9e3779b1, 0x85ebca87)
    L = (L ^ l) >>> 0
    H = (H ^ h) >>> 0
    rotl(23)
    mul(0xc2b2ae3d, 0x27d4eb4f)
    add(0x165667b1, 0x9e3779f9)
    i += 4
  }
  for (; i < end; i++) {
    const h = H
    const l = L
    H = 0
    L = d[i]!
    mul(0x27d4eb2f, 0x165667c5)
    L = (L ^ l) >>> 0
    H = (H ^ h) >>> 0
    rotl(11)
    mul(0x9e3779b1, 0x85ebca87)
  }
  L = (L ^ (H >>> 1)) >>> 0
  mul(0xc2b2ae3d, 0x27d4eb4f)
  const l29 = ((H << 3) | (L >>> 29)) >>> 0
  L = (L ^ l29) >>> 0
  H = (H ^ (H >>> 29)) >>> 0
  mul(0x165667b1, 0x9e3779f9)
  return (L ^ H) >>> 0
}
