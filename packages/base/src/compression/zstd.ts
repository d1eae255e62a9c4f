import { UnsupportedError } from '../errors.ts'
import type { Codec } from './codec.ts'
import { decodeBounded, zlib } from './zlib.ts'

function checkAvailable(): void {
  // Present from Node 22.15 on.
  if (typeof zlib.zstdCompressSync !== 'function') {
    throw new UnsupportedError('zstd needs a Node.js whose node:zlib has it')
  }
}

/** Zstandard frames (RFC 8878). */
export const zstdCodec: Codec = {
  name: 'zstd',
  compress(data, options) {
    checkAvailable()
    return zlib.zstdCompressSync(data, {
      params: { [zlib.constants.ZSTD_c_compressionLevel]: options?.level ?? 3 },
    })
  },
  decompress(data, maxSizeBytes) {
    checkAvailable()
    return decodeBounded('zstd', zlib.zstdDecompressSync, data, maxSizeBytes)
  },
}
