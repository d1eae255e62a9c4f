import { blockRoomBytes, checksumRoomBytes, kernels } from './kernels.ts'

/** Stored blocks up to this size are decompressed where they were read. */
const maxInputBytes = 64 << 10
/** What such a block and its contents take, and its checksum: the memory does not grow while they lie there. */
const roomBytes = blockRoomBytes + checksumRoomBytes
/** Views are kept by size in steps of this. */
const stepBytes = 256

/** Views of the room's beginning by steps of their length, as long as the memory is the same. */
let views: (Uint8Array | undefined)[] = []
let memory: Uint8Array | undefined

/**
 * Hot. A view of `sizeBytes` or a few more in the memory of the WebAssembly kernels, to read a stored block into that is checked and
 * decompressed at once: three copies fewer. Good until the next checksum or (de)compression of other bytes. Undefined without
 * WebAssembly, and for large blocks.
 */
export function scratchBlock(sizeBytes: number): Uint8Array | undefined {
  if (kernels === undefined || sizeBytes > maxInputBytes || !kernels.reserve(roomBytes))
    return undefined
  if (memory !== kernels.bytes) {
    memory = kernels.bytes
    views = []
  }
  const step = Math.ceil(sizeBytes / stepBytes)
  return (views[step] ??= memory.subarray(kernels.heap, kernels.heap + step * stepBytes))
}

/**
 * Hot. Contents of the Snappy block in the first `sizeBytes` of the last {@link scratchBlock}: a view as short-lived as that.
 * Undefined when they are no Snappy block or not below `maxSizeBytes`; what is wrong is for the codec to say.
 */
export function snappyInScratch(sizeBytes: number, maxSizeBytes: number): Uint8Array | undefined {
  if (kernels === undefined) return undefined
  const { heap, exports, bytes } = kernels
  const end = heap + sizeBytes
  let at = heap
  let size = 0
  for (let factor = 1; factor <= 0x1000_0000; factor *= 128) {
    const byte = bytes[at++]!
    size += (byte & 0x7f) * factor
    if (byte < 0x80) break
  }
  if (at > end || size > maxSizeBytes || sizeBytes + size > blockRoomBytes) return undefined
  if (exports.snappyDecode(at, end, end, end + size) !== 0) return undefined
  return bytes.subarray(end, end + size)
}
