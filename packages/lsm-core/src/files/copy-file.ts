import { crc32c, type Clock } from '@varve/base'
import type { FileSystem, RandomAccessFile } from '@varve/vfs'

const chunkBytes = 1 << 20
/** What systems say where a link cannot be made but a copy can. */
const noLinkCodes: ReadonlySet<unknown> = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'ENOSYS'])

/** Told of every chunk that was read or copied; what it returns is waited for. */
export type OnChunk = (bytes: number) => Promise<void> | undefined

/** Copies a file to one that must not exist and syncs that. Returns the CRC-32C of the content. */
export async function copyFile(
  fs: FileSystem,
  from: string,
  to: string,
  onChunk?: OnChunk,
): Promise<number> {
  const source = await fs.openRandomAccess(from)
  try {
    return await copyOpenFile(fs, source, to, source.sizeBytes, onChunk)
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
  onChunk?: OnChunk,
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
      await onChunk?.(chunk.length)
    }
    await target.sync()
    return checksum
  } finally {
    await target.close()
  }
}

/** CRC-32C of the content of a file. */
export async function checksumOfFile(
  fs: FileSystem,
  path: string,
  onChunk?: OnChunk,
): Promise<number> {
  const source = await fs.openRandomAccess(path)
  try {
    return await checksumOfOpenFile(source, source.sizeBytes, onChunk)
  } finally {
    await source.close()
  }
}

/** CRC-32C of the first `sizeBytes` of an open file. */
export async function checksumOfOpenFile(
  source: RandomAccessFile,
  sizeBytes: number,
  onChunk?: OnChunk,
): Promise<number> {
  let checksum = 0
  for (let offset = 0; offset < sizeBytes;) {
    const chunk = await source.read(offset, Math.min(chunkBytes, sizeBytes - offset))
    if (chunk.length === 0) break
    checksum = crc32c(chunk, 0, chunk.length, checksum)
    offset += chunk.length
    await onChunk?.(chunk.length)
  }
  return checksum
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

/** How fast files are copied, and who is told. */
export interface CopyPaceOptions {
  /** Default: no bound. */
  readonly bytesPerSecond?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** Waits after each chunk as long as the bound asks. @throws the signal's reason when it is aborted */
export function copyPace(clock: Clock, options: CopyPaceOptions): OnChunk {
  const { bytesPerSecond, signal, onBytes } = options
  const startMs = clock.monotonicMs()
  let copied = 0
  return async (bytes) => {
    signal?.throwIfAborted()
    copied += bytes
    onBytes?.(bytes)
    if (bytesPerSecond === undefined) return
    const dueMs = startMs + (copied * 1000) / bytesPerSecond
    const waitMs = dueMs - clock.monotonicMs()
    if (waitMs > 0) await clock.sleep(waitMs, signal)
  }
}

function codeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
