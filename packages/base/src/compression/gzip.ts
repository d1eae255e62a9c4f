import type { Codec } from './codec.ts'
import { decodeBounded, zlib } from './zlib.ts'

/** Gzip (RFC 1952); concatenated members decode to the concatenation. */
export const gzipCodec: Codec = {
  name: 'gzip',
  compress: (data, options) => zlib.gzipSync(data, { level: options?.level ?? 6 }),
  decompress: (data, maxSizeBytes) => decodeBounded('gzip', zlib.gunzipSync, data, maxSizeBytes),
}
