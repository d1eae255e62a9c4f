import { crc32c } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

const chunkBytes = 1 << 20

/**
 * Copies the first `sizeBytes` of a file (all of it without) to a file that must not exist and syncs that. Returns the
 * CRC-32C of what was copied.
 */
export async function copyFile(
  fs: FileSystem,
  from: string,
  to: string,
  sizeBytes: number = Number.POSITIVE_INFINITY,
): Promise<number> {
  const source = await fs.openRandomAccess(from)
  try {
    const target = await fs.openWritable(to, { mode: 'exclusive' })
    try {
      let checksum = 0
      const end = Math.min(sizeBytes, source.sizeBytes)
      for (let offset = 0; offset < end;) {
        const chunk = await source.read(offset, Math.min(chunkBytes, end - offset))
        if (chunk.length === 0) break
        await target.append(chunk)
        checksum = crc32c(chunk, 0, chunk.length, checksum)
        offset += chunk.length
      }
      await target.sync()
      return checksum
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}
