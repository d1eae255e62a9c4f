import { CorruptionError, crc32c, equalBytes, formatHex, UnsupportedError } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

const READ_BYTES = 1024 * 1024

/** Name of RocksDB's checksum over whole files, as the MANIFEST has it. */
export const FILE_CHECKSUM_CRC32C = 'FileChecksumCrc32c'

/** CRC-32C of a whole file, four bytes, big-endian. */
export async function computeFileChecksum(fs: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fs.openRandomAccess(path)
  try {
    let crc = 0
    for (let offset = 0; offset < file.sizeBytes; offset += READ_BYTES) {
      const chunk = await file.read(offset, Math.min(READ_BYTES, file.sizeBytes - offset))
      crc = crc32c(chunk, 0, chunk.length, crc)
    }
    const checksum = new Uint8Array(4)
    new DataView(checksum.buffer).setUint32(0, crc)
    return checksum
  } finally {
    await file.close()
  }
}

/**
 * Compares the checksum of a whole file with the one the MANIFEST keeps.
 *
 * @throws CorruptionError when they differ
 * @throws UnsupportedError when the function is not {@link FILE_CHECKSUM_CRC32C}
 */
export async function verifyFileChecksum(
  fs: FileSystem,
  path: string,
  functionName: string,
  expected: Uint8Array,
): Promise<void> {
  if (functionName !== FILE_CHECKSUM_CRC32C) {
    throw new UnsupportedError(`file checksum function "${functionName}"`)
  }
  const actual = await computeFileChecksum(fs, path)
  if (!equalBytes(actual, expected)) {
    throw new CorruptionError('checksum of the whole file differs', {
      file: path,
      expected: formatHex(expected),
      actual: formatHex(actual),
    })
  }
}
