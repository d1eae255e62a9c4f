import { CorruptionError } from '@varve/base'

/** Bytes of one entry of an `.index` file: relative offset i32, position i32, big-endian. */
export const OFFSET_INDEX_ENTRY_BYTES = 8

/**
 * The sparse offset index of one segment, in memory: last offset of a batch → byte where that batch begins.
 *
 * The file is written when the segment is sealed or the broker closes; until then the entries can be had again from the log,
 * so an append costs one write and not two.
 */
export class OffsetIndex {
  readonly baseOffset: number
  #relativeOffsets = new Int32Array(64)
  #positions = new Int32Array(64)
  #count = 0

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset
  }

  get count(): number {
    return this.#count
  }

  get sizeBytes(): number {
    return this.#count * OFFSET_INDEX_ENTRY_BYTES
  }

  /** Adds an entry; offsets must grow. */
  append(offset: number, position: number): void {
    if (this.#count === this.#positions.length) {
      this.#relativeOffsets = grown(this.#relativeOffsets)
      this.#positions = grown(this.#positions)
    }
    this.#relativeOffsets[this.#count] = offset - this.baseOffset
    this.#positions[this.#count++] = position
  }

  /** A position from which a forward walk meets `offset`: that of the last entry at or below it, else 0. */
  lookup(offset: number): number {
    const relative = offset - this.baseOffset
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#relativeOffsets[middle]! <= relative) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : this.#positions[low - 1]!
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.sizeBytes)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < this.#count; i++) {
      view.setInt32(i * OFFSET_INDEX_ENTRY_BYTES, this.#relativeOffsets[i]!)
      view.setInt32(i * OFFSET_INDEX_ENTRY_BYTES + 4, this.#positions[i]!)
    }
    return bytes
  }

  /**
   * Reads a file's entries up to the first that is not larger than the one before: Kafka preallocates the index of the active
   * segment with zeros.
   *
   * @throws CorruptionError when an entry points outside a log of `logSizeBytes`.
   */
  static decode(
    bytes: Uint8Array,
    baseOffset: number,
    logSizeBytes: number,
    file: string,
  ): OffsetIndex {
    const index = new OffsetIndex(baseOffset)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let previousOffset = -1
    let previousPosition = -1
    for (
      let at = 0;
      at + OFFSET_INDEX_ENTRY_BYTES <= bytes.length;
      at += OFFSET_INDEX_ENTRY_BYTES
    ) {
      const relative = view.getInt32(at)
      const position = view.getInt32(at + 4)
      if (relative <= previousOffset || position <= previousPosition) {
        if (relative === 0 && position === 0) break
        throw new CorruptionError('offset index goes backwards', { file, offset: at })
      }
      if (position >= logSizeBytes) {
        throw new CorruptionError('offset index points behind the log', {
          file,
          offset: at,
          expected: `below ${logSizeBytes}`,
          actual: position,
        })
      }
      index.append(baseOffset + relative, position)
      previousOffset = relative
      previousPosition = position
    }
    return index
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const next = new Int32Array(array.length * 2)
  next.set(array)
  return next
}
