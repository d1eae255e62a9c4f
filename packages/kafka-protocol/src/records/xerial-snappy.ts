import { CorruptionError } from '@varve/base'
import type { Codec } from '@varve/base/compression'

import { readInt32, writeInt32 } from '../primitives/int64.ts'

/** 0x82 "SNAPPY" 0 */
const magic = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0)
const HEADER_BYTES = 16
const CHUNK_BYTES = 32 * 1024

/**
 * Snappy as Kafka's Java client frames it: magic, version i32, compatible version i32, then chunks of i32 length and raw snappy.
 * Reads raw snappy too, which other clients write.
 *
 * Source: xerial/snappy-java, SnappyOutputStream.
 */
export function xerialSnappyCodec(raw: Codec): Pick<Codec, 'compress' | 'decompress'> {
  return {
    compress(plain) {
      const chunks: Uint8Array[] = []
      let size = HEADER_BYTES
      for (let start = 0; start < plain.length; start += CHUNK_BYTES) {
        const chunk = raw.compress(plain.subarray(start, start + CHUNK_BYTES))
        chunks.push(chunk)
        size += 4 + chunk.length
      }
      const packed = new Uint8Array(size)
      packed.set(magic)
      writeInt32(packed, 8, 1)
      writeInt32(packed, 12, 1)
      let at = HEADER_BYTES
      for (const chunk of chunks) {
        writeInt32(packed, at, chunk.length)
        packed.set(chunk, at + 4)
        at += 4 + chunk.length
      }
      return packed
    },

    decompress(packed, bytesMax) {
      if (!magic.every((byte, index) => packed[index] === byte)) {
        return raw.decompress(packed, bytesMax)
      }
      const chunks: Uint8Array[] = []
      let size = 0
      for (let at = HEADER_BYTES; at < packed.length;) {
        const length = at + 4 > packed.length ? -1 : readInt32(packed, at)
        at += 4
        if (length < 0 || at + length > packed.length) {
          throw new CorruptionError(`snappy chunk of ${length} bytes at byte ${at} does not fit`)
        }
        const chunk = raw.decompress(packed.subarray(at, at + length), bytesMax - size)
        chunks.push(chunk)
        size += chunk.length
        at += length
      }
      const plain = new Uint8Array(size)
      let end = 0
      for (const chunk of chunks) {
        plain.set(chunk, end)
        end += chunk.length
      }
      return plain
    },
  }
}
