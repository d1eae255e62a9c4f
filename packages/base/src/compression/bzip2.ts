import { CorruptionError } from '../errors.ts'
import { BitReader, HuffmanDecoder, maxCodeLength } from './bzip2-huffman.ts'

const blockMagic = 0x314159265359
const endMagic = 0x177245385090
const symbolsPerSelector = 50
const runA = 0
const runB = 1

/**
 * Original of a bzip2 stream in a fresh array of at most `maxSizeBytes`. Checksums of blocks and stream are checked. Memory
 * is bounded by the block size that the header names (900 kB × 4) and by `maxSizeBytes`.
 *
 * @throws CorruptionError when `data` is malformed or holds more than `maxSizeBytes`
 */
export function decompressBzip2(data: Uint8Array, maxSizeBytes: number): Uint8Array {
  const bits = new BitReader(data)
  if (bits.read(24) !== 0x425a68) throw damaged('not a bzip2 stream')
  const level = bits.read(8) - 0x30
  if (level < 1 || level > 9) throw damaged('block size out of range')
  const out = new Output(maxSizeBytes)
  const capacity = level * 100_000
  let streamChecksum = 0
  for (;;) {
    const magic = bits.read(24) * 0x1000000 + bits.read(24)
    const stored = bits.read32()
    if (magic === endMagic) {
      if (stored !== streamChecksum) throw damaged('checksum of the stream differs')
      return out.bytes()
    }
    if (magic !== blockMagic) throw damaged('block without its magic number')
    const actual = decodeBlock(bits, capacity, out)
    if (actual !== stored) throw damaged('checksum of a block differs')
    streamChecksum = (((streamChecksum << 1) | (streamChecksum >>> 31)) ^ actual) >>> 0
  }
}

function damaged(what: string): CorruptionError {
  return new CorruptionError(`bzip2 data is malformed: ${what}`)
}

/** Decodes one block to `out`; returns the checksum of what it held. */
function decodeBlock(bits: BitReader, capacity: number, out: Output): number {
  if (bits.read(1) === 1) throw damaged('randomised blocks are obsolete')
  const origin = bits.read(24)
  const alphabet = readAlphabet(bits)
  const tables = readTables(bits, alphabet.length + 2)
  const { selectors, decoders } = tables
  // Occurrences in front of each position, and the byte at it, in one number: next << 8 | byte.
  let chain = new Uint32Array(Math.min(capacity, 4096))
  const reserve = (end: number): void => {
    if (end > capacity) throw damaged('block exceeds its size')
    if (end <= chain.length) return
    const grown = new Uint32Array(Math.min(capacity, Math.max(end, chain.length * 2)))
    grown.set(chain)
    chain = grown
  }
  const counts = new Uint32Array(256)
  const endOfBlock = alphabet.length + 1
  const recent = Uint8Array.from(alphabet)
  let length = 0
  let run = 0
  let runWeight = 1
  const flushRun = (): void => {
    if (run === 0) return
    reserve(length + run)
    const byte = recent[0]!
    counts[byte]! += run
    chain.fill(byte, length, length + run)
    length += run
    run = 0
    runWeight = 1
  }
  decoding: for (let group = 0; ; group++) {
    const selector = selectors[group]
    if (selector === undefined) throw damaged('more symbols than selectors')
    const decoder = decoders[selector]!
    for (let i = 0; i < symbolsPerSelector; i++) {
      const symbol = decoder.next(bits)
      if (symbol === runA || symbol === runB) {
        run += symbol === runA ? runWeight : runWeight * 2
        if (run > capacity) throw damaged('block exceeds its size')
        runWeight *= 2
        continue
      }
      flushRun()
      if (symbol === endOfBlock) break decoding
      reserve(length + 1)
      const position = symbol - 1
      const byte = recent[position]!
      recent.copyWithin(1, 0, position)
      recent[0] = byte
      counts[byte]!++
      chain[length++] = byte
    }
  }
  if (length === 0) {
    if (origin !== 0) throw damaged('origin lies outside the block')
    return 0
  }
  if (origin >= length) throw damaged('origin lies outside the block')
  // Where the entries of each byte begin in sorted order; then each position learns its successor.
  let start = 0
  for (let byte = 0; byte < 256; byte++) {
    const count = counts[byte]!
    counts[byte] = start
    start += count
  }
  for (let i = 0; i < length; i++) chain[counts[chain[i]! & 0xff]!++]! |= i << 8
  return undoRuns(chain, chain[origin]! >>> 8, length, out)
}

/** Walks the chain and undoes the first run-length coding: four equal bytes are followed by a count of more. */
function undoRuns(chain: Uint32Array, first: number, length: number, out: Output): number {
  let checksum = 0xffff_ffff
  let position = first
  let last = -1
  let equal = 0
  for (let i = 0; i < length; i++) {
    const entry = chain[position]!
    position = entry >>> 8
    const byte = entry & 0xff
    if (equal === 4) {
      out.repeat(last, byte)
      for (let n = 0; n < byte; n++) checksum = step(checksum, last)
      equal = 0
      last = -1
      continue
    }
    equal = byte === last ? equal + 1 : 1
    last = byte
    out.repeat(byte, 1)
    checksum = step(checksum, byte)
  }
  return ~checksum >>> 0
}

/** Bytes that occur in the block, ascending, from a two-level bitmap. */
function readAlphabet(bits: BitReader): number[] {
  const used = bits.read(16)
  const bytes: number[] = []
  for (let i = 0; i < 16; i++) {
    if ((used & (0x8000 >>> i)) === 0) continue
    const part = bits.read(16)
    for (let k = 0; k < 16; k++) if ((part & (0x8000 >>> k)) !== 0) bytes.push(i * 16 + k)
  }
  if (bytes.length === 0) throw damaged('block without symbols')
  return bytes
}

/** Huffman tables, and which of them serves each group of 50 symbols. */
function readTables(
  bits: BitReader,
  symbols: number,
): { readonly selectors: Uint8Array; readonly decoders: readonly HuffmanDecoder[] } {
  const count = bits.read(3)
  if (count < 2 || count > 6) throw damaged('number of Huffman tables out of range')
  const selectors = new Uint8Array(bits.read(15))
  const recent = [0, 1, 2, 3, 4, 5]
  for (let i = 0; i < selectors.length; i++) {
    let index = 0
    while (bits.read(1) === 1) if (++index >= count) throw damaged('selector out of range')
    const [table] = recent.splice(index, 1)
    recent.unshift(table!)
    selectors[i] = table!
  }
  const decoders: HuffmanDecoder[] = []
  for (let table = 0; table < count; table++) {
    const lengths = new Uint8Array(symbols)
    let length = bits.read(5)
    for (let symbol = 0; symbol < symbols; symbol++) {
      for (;;) {
        if (length < 1 || length > maxCodeLength) throw damaged('code length out of range')
        if (bits.read(1) === 0) break
        length += bits.read(1) === 0 ? 1 : -1
      }
      lengths[symbol] = length
    }
    decoders.push(new HuffmanDecoder(lengths))
  }
  return { selectors, decoders }
}

/** CRC-32 with the bits of a byte from high to low. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0)
  return crc
})

function step(checksum: number, byte: number): number {
  return (checksum << 8) ^ crcTable[((checksum >>> 24) ^ byte) & 0xff]!
}

/** Grows up to a bound. */
class Output {
  readonly #max: number
  #bytes = new Uint8Array(4096)
  #length = 0

  constructor(max: number) {
    this.#max = max
  }

  repeat(byte: number, count: number): void {
    const end = this.#length + count
    if (end > this.#max) {
      throw new CorruptionError(`bzip2 data exceeds the bound of ${this.#max} bytes`)
    }
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.fill(byte, this.#length, end)
    this.#length = end
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}
