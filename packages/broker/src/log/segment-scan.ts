import { CorruptionError, UnsupportedError } from '@varve/base'
import { batchCrcMatches, readBatchHeader, type BatchHeader } from '@varve/kafka-protocol'
import type { RandomAccessFile } from '@varve/vfs'

/** Bytes read at once when a segment is walked. */
const CHUNK_BYTES = 1 << 20

/** A batch met while a segment is walked. */
export interface ScannedBatch {
  readonly header: BatchHeader
  /** Byte of the file where it begins. */
  readonly position: number
  /** Bytes of the batch begin at {@link start} of this chunk. Borrowed until the next step. */
  readonly chunk: Uint8Array
  readonly start: number
}

/** Why a walk ended before the end of the file. */
export interface ScanDamage {
  readonly position: number
  readonly reason: string
}

/**
 * Walks the whole batches of a segment from `position`, in file order, up to `endBytes`. Ends quietly at the first bad or cut-off batch and
 * returns what was wrong with it.
 */
export function* scanSegment(
  file: RandomAccessFile,
  position: number,
  endBytes: number,
  checkCrc: boolean,
): Generator<ScannedBatch, ScanDamage | undefined> {
  let chunk: Uint8Array = new Uint8Array(0)
  let chunkPosition = position
  let at = position
  while (at < endBytes) {
    let start = at - chunkPosition
    let header: BatchHeader | undefined
    try {
      header = readBatchHeader(chunk, start)
      if (header === undefined || start + header.sizeBytes > chunk.length) {
        const length = Math.min(endBytes - at, Math.max(CHUNK_BYTES, header?.sizeBytes ?? 0))
        chunk = file.readSync(at, length)
        chunkPosition = at
        start = 0
        header = readBatchHeader(chunk, 0)
        if (
          header !== undefined &&
          header.sizeBytes > chunk.length &&
          at + header.sizeBytes <= endBytes
        ) {
          chunk = file.readSync(at, header.sizeBytes)
        }
      }
    } catch (error) {
      if (error instanceof CorruptionError || error instanceof UnsupportedError) {
        return { position: at, reason: error.message }
      }
      throw error
    }
    if (header === undefined) return { position: at, reason: 'record batch header is cut off' }
    if (start + header.sizeBytes > chunk.length) {
      return { position: at, reason: 'record batch is cut off' }
    }
    if (checkCrc && !batchCrcMatches(chunk, start)) {
      return { position: at, reason: 'record batch has a wrong checksum' }
    }
    yield { header, position: at, chunk, start }
    at += header.sizeBytes
  }
  return undefined
}

/**
 * Walks the batches of a segment that is known to be whole.
 *
 * @throws CorruptionError at the first bad or cut-off batch.
 */
export function* scanSoundSegment(
  file: RandomAccessFile,
  position: number,
  endBytes: number,
  checkCrc = false,
): Generator<ScannedBatch> {
  const damage = yield* scanSegment(file, position, endBytes, checkCrc)
  if (damage !== undefined) {
    throw new CorruptionError(damage.reason, { file: file.path, offset: damage.position })
  }
}
