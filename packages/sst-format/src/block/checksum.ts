import { crc32c, maskCrc32c, UnsupportedError, xxhash32 } from '@varve/base'

import { hash64, xxh3 } from '../hash/xxh3-64.ts'
import { xxh64Low } from '../hash/xxh64.ts'
import { ChecksumType } from '../table/table-format.ts'

/** XXH3 mixes the last byte in by multiplication instead of hashing it. */
const XXH3_LAST_BYTE_FACTOR = 0x6b9083d9

/**
 * Checksum of a stored block and the compression type after it: of `data[start .. start + size]`, where the byte at
 * `start + size` is the type. An unsigned 32-bit number, as it stands in the trailer of format_version up to 5.
 */
export function blockChecksum(
  kind: ChecksumType,
  data: Uint8Array,
  start: number,
  size: number,
): number {
  switch (kind) {
    case ChecksumType.NoChecksum:
      return 0
    case ChecksumType.CRC32c:
      return maskCrc32c(crc32c(data, start, start + size + 1))
    case ChecksumType.xxHash:
      return xxhash32(data, start, start + size + 1)
    case ChecksumType.xxHash64:
      return xxh64Low(data, start, size + 1)
    case ChecksumType.XXH3:
      return xxh3Checksum(data, start, size, data[start + size]!)
  }
}

/** {@link blockChecksum} by XXH3 with the type apart: the block need not lie in front of it. */
export function xxh3Checksum(data: Uint8Array, start: number, size: number, type: number): number {
  xxh3(data, start, size)
  return (hash64.lo ^ Math.imul(type, XXH3_LAST_BYTE_FACTOR)) >>> 0
}

/** @throws UnsupportedError when `kind` is none that is known */
export function checkChecksumType(kind: number, file: string): ChecksumType {
  if (kind > 4) throw new UnsupportedError(`checksum kind ${kind} of table "${file}"`)
  return kind as ChecksumType
}

/**
 * What format_version 6 and later add to every stored checksum, so that a block at another place or of another file is
 * found out: `base` is random per file and stands in the footer.
 */
export function contextChecksumModifier(base: number, offset: number): number {
  if (base === 0) return 0
  return (base ^ (((offset >>> 0) + Math.floor(offset / 0x1_0000_0000)) >>> 0)) >>> 0
}
