import { copyRange, emptyBytes } from '@varve/base'

import { Block } from './block.ts'

const minBytes = 8 << 10
/** Larger blocks get memory of their own: a cursor that rests keeps its room. */
const maxBytes = 64 << 10

/**
 * Memory for one block after the other: what a cursor reads and the cache does not keep leaves no garbage. A block in it is good until
 * the next one. @internal
 */
export class BlockRoom {
  #bytes: Uint8Array = emptyBytes

  /** The block whose contents are `data`, in this memory, wherever they were. */
  block(data: Uint8Array, file: string, offset: number): Block {
    const { length } = data
    if (length > maxBytes) return new Block(new Uint8Array(data), file, offset)
    if (length > this.#bytes.length)
      this.#bytes = new Uint8Array(Math.min(maxBytes, Math.max(minBytes, length * 2)))
    copyRange(data, 0, length, this.#bytes, 0)
    return new Block(this.#bytes, file, offset, length)
  }
}
