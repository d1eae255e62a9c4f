import { CorruptionError, readFixed16, readFixed32 } from '@varve/base'

import { bytesPerSample, sampleBlock, type SeekSamples } from './seek-samples.ts'

const HASH_INDEX_BIT = 31
const RESERVED_BIT = 30
const SEPARATED_BIT = 28

/** One more double for each of the samples. */
const sampleBytes = 8
/** Seeks in one block from which on it is searched by samples: making them costs what they save in some ten seeks. */
const sampledFromSeek = 12

/**
 * The decoded frame of a block's contents: where entries end and restarts are. What it holds is immutable; what the block cache
 * keeps.
 *
 * The footer word at the end holds the number of restarts in its low 28 bits. Bit 31: a hash index stands behind the
 * restart array (read past, not used). Bit 29: a hint that changes nothing. Bit 28: keys and values are apart.
 */
export class Block {
  /** Contents without trailer, decompressed; of a block in memory that is used again more follows. */
  readonly data: Uint8Array
  /** First byte after the entries. */
  readonly entriesEnd: number
  /** Where values begin when they stand apart from the keys, else -1. */
  readonly valuesStart: number
  #seeks = 0
  #samples: SeekSamples | undefined
  /** Offset of the restart array. */
  readonly restarts: number
  readonly restartCount: number
  /** For errors. */
  readonly file: string
  readonly offset: number

  /**
   * The contents are the first `size` bytes of `data`.
   *
   * @throws CorruptionError when the restart array does not fit into the block
   */
  constructor(data: Uint8Array, file: string, offset: number, size: number = data.length) {
    this.data = data
    this.file = file
    this.offset = offset
    if (size < 4) throw this.#damaged('too short')
    const word = readFixed32(data, size - 4)
    let end = size - 4
    if ((word >>> RESERVED_BIT) & 1) throw this.#damaged('reserved bit set in the footer word')
    let valuesStart = -1
    if ((word >>> SEPARATED_BIT) & 1) {
      if (end < 4) throw this.#damaged('too short')
      end -= 4
      valuesStart = readFixed32(data, end)
    }
    if ((word >>> HASH_INDEX_BIT) & 1) {
      if (end < 2) throw this.#damaged('too short')
      end -= 2
      end -= readFixed16(data, end)
    }
    const count = word & 0x0fffffff
    const restarts = end - count * 4
    if (count === 0 || restarts < 0) throw this.#damaged('restart array exceeds the block')
    if (valuesStart > restarts) throw this.#damaged('values exceed the block')
    this.restarts = restarts
    this.restartCount = count
    this.valuesStart = valuesStart
    this.entriesEnd = valuesStart >= 0 ? valuesStart : restarts
  }

  /** Memory the block keeps alive, or comes to keep. */
  get sizeBytes(): number {
    return this.data.length + Math.ceil((this.data.length * sampleBytes) / bytesPerSample)
  }

  /** Hot. Where a seek among keys in the order of their bytes may begin; asked for once for each seek. */
  seekSamples(): SeekSamples | undefined {
    if (this.#seeks < sampledFromSeek && ++this.#seeks === sampledFromSeek)
      this.#samples = sampleBlock(this)
    return this.#samples
  }

  /** @throws CorruptionError when the offset lies outside the entries */
  restart(index: number): number {
    const at = readFixed32(this.data, this.restarts + index * 4)
    if (at > this.entriesEnd) throw this.#damaged('restart point outside the entries')
    return at
  }

  #damaged(what: string): CorruptionError {
    return new CorruptionError(`damaged block: ${what}`, { file: this.file, offset: this.offset })
  }
}
