import { readFixed32 } from '@varve/base'

import { hash64, xxph3 } from '../hash/xxh3-64.ts'
import { rawSeedOf, ribbonHash, ribbonKey } from './ribbon-hash.ts'

/** What a Ribbon filter's trailer and size say, in the numbers its query needs. */
export interface RibbonShape {
  readonly starts: number
  /** Columns in the upper part. */
  readonly upperColumns: number
  /** Blocks below this index have one column less. */
  readonly upperStartBlock: number
  readonly rawSeed: number
}

/** Shape of a standard 128-bit Ribbon filter of `blocks` × 128 rows; `undefined` when everything matches. */
export function ribbonShape(
  sizeBytes: number,
  seed: number,
  blocks: number,
): RibbonShape | undefined {
  if (blocks < 2) return undefined
  const segments = Math.floor(sizeBytes / 16)
  const upperColumns = Math.ceil(segments / blocks)
  if (upperColumns > 32) return undefined
  return {
    starts: blocks * 128 - 127,
    upperColumns,
    upperStartBlock: upperColumns * blocks - segments,
    rawSeed: rawSeedOf(seed),
  }
}

/** Parity of the set bits of a 32-bit number. */
export function parity32(x: number): number {
  x ^= x >>> 16
  x ^= x >>> 8
  x ^= x >>> 4
  return (0x6996 >>> (x & 15)) & 1
}

/**
 * Hot. Whether a standard 128-bit Ribbon filter may hold the user key in `bytes[0, length)`.
 *
 * The filter is a sequence of 128-bit segments, one for each column of each block of 128 rows. A key looks at the 128 rows
 * from its start on, so at one block or two; it matches when the parity of the selected bits of each column is expected.
 */
export function ribbonMayMatch(
  filter: Uint8Array,
  shape: RibbonShape,
  bytes: Uint8Array,
  length: number,
): boolean {
  xxph3(bytes, 0, length)
  ribbonHash(hash64.hi, hash64.lo, shape.rawSeed, shape.starts)
  const { start, c0, c1, c2, c3, expected } = ribbonKey
  const block = start >>> 7
  const shift = start & 127
  const segment = block * shape.upperColumns - Math.min(block, shape.upperStartBlock)
  const columns = shape.upperColumns - (block < shape.upperStartBlock ? 1 : 0)
  const words = shift >>> 5
  const bits = shift & 31
  for (let i = 0; i < columns; i++) {
    // The coefficients, moved to the row they start at, lie over eight words of two blocks.
    let x = 0
    for (let w = 0; w < 5; w++) {
      const at = words + w
      if (w === 4 && bits === 0) break
      const here = w === 0 ? c0 : w === 1 ? c1 : w === 2 ? c2 : w === 3 ? c3 : 0
      const before = w === 1 ? c0 : w === 2 ? c1 : w === 3 ? c2 : w === 4 ? c3 : 0
      const coefficients = bits === 0 ? here : (here << bits) | (before >>> (32 - bits))
      const inBlock = at & 3
      const base = at < 4 ? segment + i : segment + columns + i
      const byte = base * 16 + inBlock * 4
      if (byte + 4 <= filter.length) x ^= readFixed32(filter, byte) & coefficients
    }
    if (parity32(x) !== ((expected >>> i) & 1)) return false
  }
  return true
}
