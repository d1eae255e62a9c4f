import { crc32c } from '@varve/base'
import type { FileSystem, RandomAccessFile } from '@varve/vfs'

const chunkBytes = 1 << 20
/** What systems say where a link cannot be made but a copy can. */
const noLinkCodes: ReadonlySet<unknown> = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'ENOSYS'])

/** Copies a file to one that must not exist and syncs that. Returns the CRC-32C of the content. */
export async function copyFile(fs: FileSystem, from: string, to: string): Promise<number> {
  const source = await fs.openRandomAccess(from)
  try {
    return await copyOpenFile(fs, source, to, source.sizeBytes)
  } finally {
    await source.close()
  }
}

/** {@link copyFile} of the first `sizeBytes` of an open file. */
export async function copyOpenFile(
  fs: FileSystem,
  source: RandomAccessFile,
  to: string,
  sizeBytes: number,
): Promise<number> {
  const target = await fs.openWritable(to, { mode: 'exclusive' })
  try {
    let checksum = 0
    for (let offset = 0; offset < sizeBytes;) {
      const chunk = await source.read(offset, Math.min(chunkBytes, sizeBytes - offset))
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
}

/** A second name for a file, or a copy where there can be none. */
export async function linkOrCopyFile(fs: FileSystem, from: string, to: string): Promise<void> {
  try {
    await fs.link(from, to)
  } catch (error) {
    if (!noLinkCodes.has(codeOf(error))) throw error
    await copyFile(fs, from, to)
  }
}

function codeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
