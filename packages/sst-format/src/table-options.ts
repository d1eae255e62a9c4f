import { InvalidOptionError } from '@varve/base'

import { CompressionType } from './compression/compression-type.ts'
import { ChecksumType } from './table-format.ts'

/** How a table is written. Plain data; every field has a default. */
export interface TableOptions {
  /** Size a data block is closed at, before compression. Default 4096. */
  readonly blockSizeBytes?: number
  /** Entries between two restart points of a data block. Default 16. */
  readonly blockRestartInterval?: number
  /** Entries between two restart points of the index block. Default 1. */
  readonly indexBlockRestartInterval?: number
  /** Default `CRC32c`, which every RocksDB reads. */
  readonly checksum?: ChecksumType
  /** Default `Snappy`. */
  readonly compression?: CompressionType
  /** Level in the codec's own scale. Default: the codec's. */
  readonly compressionLevel?: number
  /** Bits a key gets in the Bloom filter; 0 writes no filter. Default 10. */
  readonly bloomBitsPerKey?: number
  /** `crc32c` computes a checksum of the whole file, kept in the MANIFEST. Default `none`. */
  readonly fileChecksum?: 'none' | 'crc32c'
}

/** {@link TableOptions} with every default filled in. @internal */
export type ResolvedTableOptions = Omit<Required<TableOptions>, 'compressionLevel'> & {
  readonly compressionLevel: number | undefined
}

const known: ReadonlySet<string> = new Set<keyof TableOptions>([
  'blockSizeBytes',
  'blockRestartInterval',
  'indexBlockRestartInterval',
  'checksum',
  'compression',
  'compressionLevel',
  'bloomBitsPerKey',
  'fileChecksum',
])

function inRange(name: string, value: number, min: number, max: number): number {
  if (!Number.isFinite(value) || value < min || value > max) {
    throw new InvalidOptionError(name, `must be a number from ${min} to ${max}, is ${value}`)
  }
  return value
}

/** Fills in the defaults. @throws InvalidOptionError for unknown keys and values out of range. @internal */
export function resolveTableOptions(options: TableOptions = {}): ResolvedTableOptions {
  for (const key of Object.keys(options)) {
    if (!known.has(key)) throw new InvalidOptionError(key, 'is not a table option')
  }
  const compression = options.compression ?? CompressionType.Snappy
  const writable: readonly number[] = [
    CompressionType.NoCompression,
    CompressionType.Snappy,
    CompressionType.Zlib,
    CompressionType.LZ4,
    CompressionType.ZSTD,
  ]
  if (!writable.includes(compression)) {
    throw new InvalidOptionError('compression', `type ${compression} cannot be written`)
  }
  const checksum = options.checksum ?? ChecksumType.CRC32c
  inRange('checksum', checksum, 0, 4)
  return {
    blockSizeBytes: inRange('blockSizeBytes', options.blockSizeBytes ?? 4096, 64, 1 << 28),
    blockRestartInterval: inRange(
      'blockRestartInterval',
      options.blockRestartInterval ?? 16,
      1,
      1 << 20,
    ),
    indexBlockRestartInterval: inRange(
      'indexBlockRestartInterval',
      options.indexBlockRestartInterval ?? 1,
      1,
      1 << 20,
    ),
    checksum,
    compression,
    compressionLevel: options.compressionLevel,
    bloomBitsPerKey: inRange('bloomBitsPerKey', options.bloomBitsPerKey ?? 10, 0, 100),
    fileChecksum: options.fileChecksum ?? 'none',
  }
}
