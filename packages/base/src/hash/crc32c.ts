import { copyRange } from '../bytes/copy.ts'
import { blockRoomBytes, checksumRoomBytes, kernels, type Kernels } from '../wasm/kernels.ts'

/** From here on the copy into WebAssembly's memory pays: there three stripes are hashed side by side, and most of longer inputs is folded. */
const minKernelBytes = 768
/** Longer inputs go in pieces, so that the memory stays small. */
const kernelPieceBytes = checksumRoomBytes - 1024
/** The kernel needs 832 bytes before its input. */
const kernelStart = blockRoomBytes + 1024

/**
 * CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start and final xor 0xFFFFFFFF.
 * Slicing by 8 (Kounavis and Berry, 2008): eight tables of 256 words, here in one array, table k at `k << 8`.
 */
const tables: Int32Array = createTables()

function createTables(): Int32Array {
  const t = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
    t[byte] = crc
  }
  for (let i = 256; i < t.length; i++) {
    const previous = t[i - 256]!
    t[i] = (previous >>> 8) ^ t[previous & 0xff]!
  }
  return t
}

/**
 * Checksum of `bytes[start, end)`, an unsigned 32-bit number.
 * `seed` is the checksum of what came before: `crc32c(b, 0, b.length, crc32c(a))` is that of `a` followed by `b`.
 */
export function crc32c(
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
  seed: number = 0,
): number {
  if (end - start >= minKernelBytes && kernels !== undefined)
    return crc32cByKernel(kernels, bytes, start, end, seed)
  return crc32cByTables(bytes, start, end, seed)
}

function crc32cByKernel(
  kernel: Kernels,
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: number,
): number {
  const { exports } = kernel
  // Not where a block may lie that is looked at: the kernel changes its input.
  const place = kernel.heap + kernelStart
  kernel.reserve(kernelStart + kernelPieceBytes)
  let crc = seed
  for (let at = start; at < end; at += kernelPieceBytes) {
    const stop = Math.min(end, at + kernelPieceBytes)
    copyRange(bytes, at, stop, kernel.bytes, place)
    crc = exports.crc32c(place, stop - at, crc)
  }
  return crc >>> 0
}

/** {@link crc32c} without WebAssembly. */
export function crc32cByTables(
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: number,
): number {
  const t = tables
  let crc = ~seed
  let i = start
  for (const last = end - 7; i < last; i += 8) {
    const low =
      crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    crc =
      t[0x700 + (low & 0xff)]! ^
      t[0x600 + ((low >>> 8) & 0xff)]! ^
      t[0x500 + ((low >>> 16) & 0xff)]! ^
      t[0x400 + (low >>> 24)]! ^
      t[0x300 + bytes[i + 4]!]! ^
      t[0x200 + bytes[i + 5]!]! ^
      t[0x100 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!
  return ~crc >>> 0
}

const maskDelta = 0xa282ead8

/**
 * The form in which RocksDB stores a checksum: rotated right by 15 and offset, so that a checksum over bytes that hold
 * checksums does not degenerate.
 */
export function maskCrc32c(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0
}

/** Inverse of {@link maskCrc32c}. */
export function unmaskCrc32c(masked: number): number {
  const rotated = (masked - maskDelta) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}
