import {
  ByteReader,
  ByteWriter,
  CorruptionError,
  readFixed32,
  UnsupportedError,
  writeFixed32,
} from '@varve/base'

import { type BlockHandle, decodeBlockHandle, encodeBlockHandle } from '../block/block-handle.ts'
import { blockChecksum, checkChecksumType, contextChecksumModifier } from '../block/checksum.ts'
import {
  BLOCK_TRAILER_SIZE_BYTES,
  ChecksumType,
  FOOTER_SIZE_BYTES,
  LEGACY_FOOTER_SIZE_BYTES,
} from './table-format.ts'

/**
 * The end of a table.
 *
 *     format_version 1..5: checksum kind (1) | metaindex handle, index handle, zero padding (40) | version (4) | magic (8)
 *     format_version 0:    metaindex handle, index handle, zero padding (40) | legacy magic (8)
 *     format_version 6, 7: checksum kind (1) | 3e 00 7a 00 | footer checksum (4) | base context checksum (4)
 *                          | metaindex size (4) | zero (24) | version (4) | magic (8)
 */
export interface Footer {
  readonly formatVersion: number
  readonly checksum: ChecksumType
  readonly metaindex: BlockHandle
  /** Absent from format_version 6 on: there the metaindex has it. */
  readonly index: BlockHandle | undefined
  /** 0 when checksums have no context. */
  readonly baseContextChecksum: number
}

const MAGIC_LOW = 0x85f4cff7
const MAGIC_HIGH = 0x88e241b7
const LEGACY_MAGIC_LOW = 0x8b80fb57
const LEGACY_MAGIC_HIGH = 0xdb477524
/** Last four bytes, and the four before, of RocksDB's tables of other kinds. */
const OTHER_KINDS: readonly (readonly [high: number, low: number, name: string])[] = [
  [0x4f3418eb, 0x7a8f13b8, 'PlainTable'],
  [0x82422296, 0x63bf9564, 'PlainTable'],
  [0x926789d0, 0xc5f17873, 'CuckooTable'],
]
const EXTENDED_MAGIC = 0x007a003e
const MAX_FORMAT_VERSION = 7

/** What {@link encodeFooter} writes. */
export interface WrittenFooter {
  readonly formatVersion: number
  readonly checksum: ChecksumType
  readonly metaindex: BlockHandle
  readonly index: BlockHandle
  /** 0 before format_version 6. */
  readonly baseContextChecksum: number
  /** Where the footer begins in the file. From format_version 6 on the metaindex is right before it. */
  readonly offset: number
}

/** A footer of 53 bytes, a fresh array. */
export function encodeFooter(footer: WrittenFooter): Uint8Array {
  const { formatVersion, checksum, metaindex, baseContextChecksum } = footer
  const writer = new ByteWriter(FOOTER_SIZE_BYTES)
  writer.byte(checksum)
  if (formatVersion < 6) {
    encodeBlockHandle(writer, metaindex)
    encodeBlockHandle(writer, footer.index)
  } else {
    writer
      .fixed32(EXTENDED_MAGIC)
      .fixed32(0)
      .fixed32(baseContextChecksum)
      .fixed32(metaindex.sizeBytes)
  }
  writer
    .zeros(41 - writer.length)
    .fixed32(formatVersion)
    .fixed32(MAGIC_LOW)
    .fixed32(MAGIC_HIGH)
  const bytes = writer.toBytes()
  if (formatVersion >= 6) {
    const modifier = contextChecksumModifier(baseContextChecksum, footer.offset)
    writeFixed32(
      bytes,
      5,
      (blockChecksum(checksum, bytes, 0, FOOTER_SIZE_BYTES - 1) + modifier) >>> 0,
    )
  }
  return bytes
}

/**
 * Decodes the footer from `tail`, the last 53 bytes of the file (or fewer when it is smaller).
 *
 * @throws CorruptionError when the file is too short, the magic number is wrong, or a handle is no handle
 * @throws UnsupportedError for a format_version or checksum that is not known, and for tables of other kinds
 */
export function decodeFooter(tail: Uint8Array, fileSizeBytes: number, file: string): Footer {
  const end = tail.length
  if (end < LEGACY_FOOTER_SIZE_BYTES) {
    throw new CorruptionError('table is too short to have a footer', { file, offset: 0 })
  }
  const magicLow = readFixed32(tail, end - 8)
  const magicHigh = readFixed32(tail, end - 4)
  if (magicLow === LEGACY_MAGIC_LOW && magicHigh === LEGACY_MAGIC_HIGH) {
    const start = end - LEGACY_FOOTER_SIZE_BYTES
    const offset = fileSizeBytes - LEGACY_FOOTER_SIZE_BYTES
    const reader = new ByteReader(tail.subarray(start, start + 40), { file, offset })
    const metaindex = decodeBlockHandle(reader)
    const index = decodeBlockHandle(reader)
    return {
      formatVersion: 0,
      checksum: ChecksumType.CRC32c,
      metaindex,
      index,
      baseContextChecksum: 0,
    }
  }
  if (magicLow !== MAGIC_LOW || magicHigh !== MAGIC_HIGH) {
    const other = OTHER_KINDS.find(([high, low]) => magicHigh === high && magicLow === low)
    if (other !== undefined)
      throw new UnsupportedError(`${other[2]}, as which "${file}" is written`)
    throw new CorruptionError('not a block-based table: wrong magic number', {
      file,
      offset: fileSizeBytes - 8,
    })
  }
  if (end < FOOTER_SIZE_BYTES) {
    throw new CorruptionError('table is too short to have a footer', { file, offset: 0 })
  }
  const start = end - FOOTER_SIZE_BYTES
  const offset = fileSizeBytes - FOOTER_SIZE_BYTES
  const formatVersion = readFixed32(tail, start + 41)
  if (formatVersion === 0 || formatVersion > MAX_FORMAT_VERSION) {
    throw new UnsupportedError(`format_version ${formatVersion} of table "${file}"`)
  }
  const checksum = checkChecksumType(tail[start]!, file)
  if (formatVersion >= 6) {
    return decodeContextFooter(
      new Uint8Array(tail.subarray(start)),
      formatVersion,
      checksum,
      offset,
      file,
    )
  }
  const reader = new ByteReader(tail.subarray(start + 1, start + 41), { file, offset: offset + 1 })
  const metaindex = decodeBlockHandle(reader)
  const index = decodeBlockHandle(reader)
  return { formatVersion, checksum, metaindex, index, baseContextChecksum: 0 }
}

function decodeContextFooter(
  footer: Uint8Array,
  formatVersion: number,
  checksum: ChecksumType,
  offset: number,
  file: string,
): Footer {
  if (readFixed32(footer, 1) !== EXTENDED_MAGIC) {
    throw new CorruptionError('wrong extended magic number', { file, offset: offset + 1 })
  }
  const stored = readFixed32(footer, 5)
  const baseContextChecksum = readFixed32(footer, 9)
  const metaindexSizeBytes = readFixed32(footer, 13)
  writeFixed32(footer, 5, 0)
  const modifier = contextChecksumModifier(baseContextChecksum, offset)
  const actual = (blockChecksum(checksum, footer, 0, FOOTER_SIZE_BYTES - 1) + modifier) >>> 0
  if (actual !== stored) {
    throw new CorruptionError('checksum mismatch in the footer', {
      file,
      offset,
      expected: stored,
      actual,
    })
  }
  const metaindexOffset = offset - BLOCK_TRAILER_SIZE_BYTES - metaindexSizeBytes
  if (metaindexOffset < 0) {
    throw new CorruptionError('metaindex would start before the file', { file, offset })
  }
  return {
    formatVersion,
    checksum,
    metaindex: { offset: metaindexOffset, sizeBytes: metaindexSizeBytes },
    index: undefined,
    baseContextChecksum,
  }
}
