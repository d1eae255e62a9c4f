import { headAt } from '@varve/base'

/** How many entries one number of {@link IndexSearch.samples} stands for. */
export const entriesPerSample = 32

/** Moves unsigned numbers to where signed ones have their order, and are quicker to compare. */
export const signBit = 0x8000_0000

/** Separators in the form that a search by bytes wants. */
export interface IndexSearch {
  /** Bytes that all separators begin with. */
  readonly commonLength: number
  /** The eight bytes behind them as two big-endian numbers for each separator, zeros behind its end; see `signBit`. */
  readonly heads: Int32Array
  /** The first of the two numbers of every 32nd separator, close enough together to stay in the processor's cache. */
  readonly samples: Int32Array
}

/** `keyEnds[i]` is where separator i ends in `keys`, with a trailer of so many bytes. */
export function createIndexSearch(
  keys: Uint8Array,
  keyEnds: Uint32Array,
  trailerBytes: number,
): IndexSearch {
  const count = keyEnds.length
  // In order, so what the first and the last have in common is common to all.
  const lastStart = count < 2 ? 0 : keyEnds[count - 2]!
  const limit = Math.min(keyEnds[0]!, keyEnds[count - 1]! - lastStart) - trailerBytes
  let commonLength = 0
  while (commonLength < limit && keys[commonLength] === keys[lastStart + commonLength])
    commonLength++
  const heads = new Int32Array(count * 2)
  const samples = new Int32Array(Math.ceil(count / entriesPerSample))
  for (let i = 0; i < count; i++) {
    const start = (i === 0 ? 0 : keyEnds[i - 1]!) + commonLength
    const end = keyEnds[i]! - trailerBytes
    heads[i * 2] = headAt(keys, start, end) ^ signBit
    heads[i * 2 + 1] = headAt(keys, start + 4, end) ^ signBit
  }
  for (let i = 0; i < samples.length; i++) samples[i] = heads[i * entriesPerSample * 2]!
  return { commonLength, heads, samples }
}
