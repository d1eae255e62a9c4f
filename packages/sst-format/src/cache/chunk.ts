import type { CacheOwner } from './clock.ts'

/** What compressed blocks take memory by. */
export const chunkBytes: number = 1 << 20

/** Memory for blocks that are kept compressed. */
export interface Chunk {
  /** Index among all chunks, part of a place; -1 as long as it is idle. */
  number: number
  /** Never the same twice, 0 while it keeps nothing. */
  generation: number
  /**
   * Of a chunk that is not lent. Resizable, for that gives it pages of its own, which go back at once and leave no hole in the heap.
   */
  readonly memory: ArrayBuffer | undefined
  readonly bytes: Uint8Array
  readonly words: Int32Array
  /** Where its last block ends, unless it is the newest. */
  end: number
  /** Of blocks that may still be asked for, with their headers. */
  liveBytes: number
  /** Hits of all chunks before it was begun. */
  hitsBefore: number
  readonly bytesByOwner: Map<CacheOwner, number>
}

/** A chunk with memory of its own. */
export function newChunk(): Chunk {
  const memory = new ArrayBuffer(chunkBytes, { maxByteLength: chunkBytes })
  return chunkOver(memory, 0, memory)
}

/** A chunk over the bytes from `offset` on of memory that is lent. */
export function lentChunk(buffer: SharedArrayBuffer, offset: number): Chunk {
  return chunkOver(buffer, offset, undefined)
}

function chunkOver(
  buffer: ArrayBufferLike,
  offset: number,
  memory: ArrayBuffer | undefined,
): Chunk {
  return {
    number: -1,
    generation: 0,
    memory,
    // Views of a fixed length are as fast as those of memory that cannot be resized.
    bytes: new Uint8Array(buffer, offset, chunkBytes),
    words: new Int32Array(buffer, offset, chunkBytes >>> 2),
    end: 0,
    liveBytes: 0,
    hitsBefore: 0,
    bytesByOwner: new Map(),
  }
}
