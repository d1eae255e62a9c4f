import type { Codec } from './codec.ts'
import { decodeBounded, zlib } from './zlib.ts'

/** Raw deflate (RFC 1951), without zlib's header and checksum: what RocksDB calls zlib. */
export const deflateCodec: Codec = {
  name: 'deflate',
  compress: (data, options) => zlib.deflateRawSync(data, { level: options?.level ?? 6 }),
  decompress: (data, maxSizeBytes) =>
    decodeBounded('deflate', zlib.inflateRawSync, data, maxSizeBytes),
}
