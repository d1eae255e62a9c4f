/** Substrings of this length are counted to find out what occurs often. */
const GRAM_BYTES = 8
/** Pieces that a dictionary is put together from. */
const PIECE_BYTES = 64

/**
 * A dictionary of at most `maxBytes`: the beginning of the samples, as RocksDB takes it without training.
 */
export function sampleDictionary(samples: readonly Uint8Array[], maxBytes: number): Uint8Array {
  const dictionary = new Uint8Array(maxBytes)
  let length = 0
  for (const sample of samples) {
    const part = sample.subarray(0, maxBytes - length)
    dictionary.set(part, length)
    length += part.length
    if (length === maxBytes) break
  }
  return dictionary.subarray(0, length)
}

/**
 * A dictionary of at most `maxBytes`: the pieces of the samples whose substrings occur most often in all of them, the best
 * one last, where references to it are shortest. It is raw content, which every reader of zstd and LZ4 dictionaries takes.
 *
 * Source: the COVER algorithm (Liao, Petri, Moffat, Wirth, "Effective construction of relative Lempel-Ziv dictionaries",
 * 2016), with a hash table in place of a suffix array.
 */
export function trainDictionary(
  samples: readonly Uint8Array[],
  trainBytes: number,
  maxBytes: number,
): Uint8Array {
  const content = sampleDictionary(samples, trainBytes)
  const grams = content.length - GRAM_BYTES + 1
  if (content.length <= maxBytes || grams <= 0) return content.slice(0, maxBytes)
  const bits = Math.min(22, Math.max(12, Math.ceil(Math.log2(grams)) + 1))
  const hashes = gramHashes(content, grams, bits)
  const counts = new Uint32Array(2 ** bits)
  for (const hash of hashes) counts[hash]!++

  // From each of as many stretches as pieces fit, the best piece; what it holds counts no more afterwards.
  const pieces = Math.max(1, Math.floor(maxBytes / PIECE_BYTES))
  const stretch = Math.max(PIECE_BYTES, Math.floor(content.length / pieces))
  const chosen: { readonly start: number; readonly score: number }[] = []
  for (let start = 0; start + PIECE_BYTES <= content.length; start += stretch) {
    const best = bestPiece(hashes, counts, start, Math.min(start + stretch, content.length))
    if (best.score === 0) continue
    chosen.push(best)
    for (let i = best.start; i < Math.min(best.start + PIECE_BYTES, grams); i++)
      counts[hashes[i]!] = 0
  }
  chosen.sort((a, b) => a.score - b.score)
  const kept = chosen.slice(-pieces)
  const dictionary = new Uint8Array(kept.length * PIECE_BYTES)
  for (const [i, { start }] of kept.entries())
    dictionary.set(content.subarray(start, start + PIECE_BYTES), i * PIECE_BYTES)
  return dictionary
}

function gramHashes(content: Uint8Array, grams: number, bits: number): Uint32Array {
  const hashes = new Uint32Array(grams)
  for (let i = 0; i < grams; i++) {
    let h = 0
    for (let k = 0; k < GRAM_BYTES; k++) h = Math.imul(h ^ content[i + k]!, 0x0100_0193) + k
    hashes[i] = Math.imul(h, 0x9e37_79b1) >>> (32 - bits)
  }
  return hashes
}

/** The piece in `[start, end)` whose grams occur most often; those that occur once count nothing. */
function bestPiece(
  hashes: Uint32Array,
  counts: Uint32Array,
  start: number,
  end: number,
): { readonly start: number; readonly score: number } {
  const score = (i: number): number => {
    const count = i < hashes.length ? counts[hashes[i]!]! : 0
    return count > 1 ? count : 0
  }
  let sum = 0
  for (let i = start; i < start + PIECE_BYTES; i++) sum += score(i)
  let best = { start, score: sum }
  for (let i = start; i + PIECE_BYTES < end; i++) {
    sum += score(i + PIECE_BYTES) - score(i)
    if (sum > best.score) best = { start: i + 1, score: sum }
  }
  return best
}
