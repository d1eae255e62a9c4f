import { formatHex } from '@varve/base'

import { CompressionType, compressionTypeName } from '../compression/compression-type.ts'
import type { ResolvedTableOptions } from '../table/table-options.ts'

/**
 * Property `rocksdb.compression`: the name of the type; from format_version 7 on `<manager>;<types>;`, with two hexadecimal
 * digits for each type that occurs, both parts empty when nothing is compressed.
 */
export function compressionProperty(
  { formatVersion, compression }: ResolvedTableOptions,
  used: ReadonlySet<number>,
): string {
  if (formatVersion < 7) return compressionTypeName(compression)
  if (compression === CompressionType.NoCompression || used.size === 0) return ';;'
  const types = [...used].sort((a, b) => a - b)
  return `BuiltinV2;${formatHex(Uint8Array.from(types)).toUpperCase()};`
}

/** Property `rocksdb.compression_options`, for people. 32767 stands for a codec's own level. */
export function compressionOptionsProperty(options: ResolvedTableOptions): string {
  const { compressionLevel, maxDictBytes, zstdMaxTrainBytes, maxDictBufferBytes } = options
  return (
    `window_bits=-14; level=${compressionLevel ?? 32767}; strategy=0; ` +
    `max_dict_bytes=${maxDictBytes}; zstd_max_train_bytes=${zstdMaxTrainBytes}; enabled=0; ` +
    `max_dict_buffer_bytes=${maxDictBufferBytes}; use_zstd_dict_trainer=1; `
  )
}
