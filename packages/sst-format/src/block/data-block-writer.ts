import type { BlockWriter } from './block-writer.ts'
import type { BlockHandle } from './block-handle.ts'
import { sampleDictionary, trainDictionary } from '../compression/build-dictionary.ts'
import { takesDictionary } from '../compression/block-compression.ts'
import type { ResolvedTableOptions } from '../table/table-options.ts'

/** Samples are taken from about so many times the dictionary's source, spread over it. */
const BUFFER_FACTOR = 16
const PAGE_BYTES = 4096

/**
 * Writes the data blocks of a table. With dictionaries the first blocks wait until there is enough to make one of; all
 * blocks are then compressed against it.
 */
export class DataBlockWriter {
  readonly #writer: BlockWriter
  readonly #options: ResolvedTableOptions
  readonly #onWritten: (handle: BlockHandle) => void
  readonly #bufferLimit: number
  /** Blocks that wait for a dictionary; undefined when there is none, or it is made. */
  #waiting: Uint8Array[] | undefined
  #waitingBytes = 0
  #dictionary: Uint8Array | undefined

  /** `onWritten` is told where each block lies, in their order. */
  constructor(
    writer: BlockWriter,
    options: ResolvedTableOptions,
    onWritten: (handle: BlockHandle) => void,
  ) {
    this.#writer = writer
    this.#options = options
    this.#onWritten = onWritten
    const { maxDictBytes, zstdMaxTrainBytes, maxDictBufferBytes, compression } = options
    const wanted = maxDictBytes > 0 && takesDictionary(compression)
    this.#waiting = wanted ? [] : undefined
    this.#bufferLimit =
      maxDictBufferBytes > 0
        ? maxDictBufferBytes
        : BUFFER_FACTOR * Math.max(maxDictBytes, zstdMaxTrainBytes)
  }

  /** Bytes that wait in memory. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Adds a block; `raw` is borrowed for the call. */
  add(raw: Uint8Array): void {
    if (this.#waiting === undefined) {
      this.#write(raw)
      return
    }
    this.#waiting.push(new Uint8Array(raw))
    this.#waitingBytes += raw.length
    if (this.#waitingBytes >= this.#bufferLimit) this.#release()
  }

  /** Writes what waits. Returns the dictionary, which the file must hold, if there is one. */
  finish(): Uint8Array | undefined {
    this.#release()
    return this.#dictionary
  }

  #release(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    this.#waitingBytes = 0
    const { maxDictBytes, zstdMaxTrainBytes } = this.#options
    const samples = spread(waiting, Math.max(maxDictBytes, zstdMaxTrainBytes))
    const dictionary =
      zstdMaxTrainBytes > 0
        ? trainDictionary(samples, zstdMaxTrainBytes, maxDictBytes)
        : sampleDictionary(samples, maxDictBytes)
    if (dictionary.length > 0) this.#dictionary = dictionary
    for (const raw of waiting) this.#write(raw)
  }

  #write(raw: Uint8Array): void {
    const { compression: type, compressionLevel: level, blockAlign, blockSizeBytes } = this.#options
    const compression = { type, level, dictionary: this.#dictionary }
    this.#onWritten(this.#writer.writeCompressed(raw, compression))
    if (blockAlign) this.#writer.align(Math.min(PAGE_BYTES, blockSizeBytes))
  }
}

/** Blocks at even distances that come to about `bytes`. */
function spread(blocks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let total = 0
  for (const block of blocks) total += block.length
  const step = Math.max(1, Math.floor(total / Math.max(1, bytes)))
  return blocks.filter((_, i) => i % step === 0)
}
