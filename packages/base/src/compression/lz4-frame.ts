import { CorruptionError, UnsupportedError } from '../errors.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { xxhash32 } from '../hash/xxhash32.ts'
import type { Codec } from './codec.ts'
import { compressLz4Block, decompressLz4Block, lz4BlockBound } from './lz4-block.ts'

/**
 * LZ4 frames, as Kafka's record batches hold them. Format: lz4/lz4, "lz4_Frame_format.md".
 *
 *     magic (4) | FLG | BD | [content size (8)] | [dictionary id (4)] | HC | blocks … | 0 (4) | [content xxh32 (4)]
 *     block: size (4; top bit: stored as is) | data | [block xxh32 (4)]
 */
const magic = 0x184d2204
const versionBits = 0x40
const independentFlag = 0x20
const blockChecksumFlag = 0x10
const contentSizeFlag = 0x08
const contentChecksumFlag = 0x04
const dictionaryFlag = 0x01
const storedBit = 0x8000_0000
/** Block size code 4: 64 KiB, what Kafka's producer writes. */
const blockSizeCode = 4
const blockSizeBytes = 1 << 16

function compress(data: Uint8Array): Uint8Array {
  const out = new ByteWriter(lz4BlockBound(data.length) + 32)
  out.fixed32(magic)
  out.byte(versionBits | independentFlag)
  out.byte(blockSizeCode << 4)
  out.byte((xxhash32(out.bytes, 4, 6) >>> 8) & 0xff)
  const block = new Uint8Array(lz4BlockBound(blockSizeBytes))
  for (let start = 0; start < data.length; start += blockSizeBytes) {
    const piece = data.subarray(start, start + blockSizeBytes)
    const size = compressLz4Block(piece, block)
    if (size < piece.length) out.fixed32(size).raw(block, 0, size)
    else out.fixed32((piece.length | storedBit) >>> 0).raw(piece)
  }
  return out.fixed32(0).view()
}

/** Size of the decompressed frame when its header tells it. */
function readHeader(reader: ByteReader): { flags: number; contentSize: number | undefined } {
  if (reader.fixed32() !== magic) reader.fail('the magic number of an lz4 frame', 0)
  const start = reader.position
  const flags = reader.byte()
  if ((flags & 0xc0) !== versionBits) reader.fail('version 1 of the lz4 frame format', start)
  const sizeCode = (reader.byte() >>> 4) & 7
  if (sizeCode < 4) reader.fail('an lz4 block size code of 4 to 7', start + 1)
  const contentSize = (flags & contentSizeFlag) !== 0 ? reader.fixed64() : undefined
  if ((flags & dictionaryFlag) !== 0) throw new UnsupportedError('lz4 frames with a dictionary')
  const end = reader.position
  const expected = reader.byte()
  const whole = (xxhash32(reader.bytes, start, end) >>> 8) & 0xff
  // Kafka's oldest producers hashed the magic number too; a reader takes both.
  const withMagic = (xxhash32(reader.bytes, start - 4, end) >>> 8) & 0xff
  if (expected !== whole && expected !== withMagic)
    reader.fail('the checksum of the lz4 frame header', end)
  return { flags, contentSize }
}

function decompress(data: Uint8Array, maxSizeBytes: number): Uint8Array {
  const reader = new ByteReader(data)
  const { flags, contentSize } = readHeader(reader)
  if (contentSize !== undefined && contentSize > maxSizeBytes) tooLarge(maxSizeBytes)

  // Without a stated size start small and grow, so that a tiny frame does not cost its bound.
  let out = new Uint8Array(
    contentSize ?? Math.min(maxSizeBytes, Math.max(blockSizeBytes, data.length * 4)),
  )
  let o = 0
  for (;;) {
    const head = reader.fixed32()
    if (head === 0) break
    const size = head & 0x7fff_ffff
    const start = reader.position
    const block = reader.take(size)
    const outputBound = (head & storedBit) !== 0 ? size : Math.min(size * 255, 4 << 20)
    const needed = Math.min(o + outputBound, maxSizeBytes)
    if (needed > out.length) {
      const grown = new Uint8Array(Math.min(maxSizeBytes, Math.max(needed, out.length * 2)))
      grown.set(out.subarray(0, o))
      out = grown
    }
    if ((head & storedBit) !== 0) {
      if (o + size > out.length) tooLarge(maxSizeBytes)
      out.set(block, o)
      o += size
    } else {
      o = decompressLz4Block(data, start, start + size, out, o)
    }
    if ((flags & blockChecksumFlag) !== 0 && reader.fixed32() !== xxhash32(block)) {
      reader.fail('the checksum of an lz4 block', start)
    }
  }
  if ((flags & contentChecksumFlag) !== 0 && reader.fixed32() !== xxhash32(out, 0, o)) {
    reader.fail('the checksum of the lz4 content', reader.position - 4)
  }
  if (contentSize !== undefined && contentSize !== o)
    reader.fail(`${contentSize} bytes of lz4 content`)
  if (reader.remaining > 0) reader.fail('the end of the lz4 frame')
  return o === out.length ? out : out.subarray(0, o)
}

function tooLarge(maxSizeBytes: number): never {
  throw new CorruptionError(`lz4 frame exceeds the bound of ${maxSizeBytes} bytes`)
}

/** LZ4, frame format. */
export const lz4FrameCodec: Codec = { name: 'lz4-frame', compress, decompress }
